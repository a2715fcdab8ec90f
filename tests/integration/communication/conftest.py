import pytest

from tests.factories import gateways


@pytest.fixture(autouse=True)
def _page_of_the_demonstration(settings):
    """Where no gateway is set, messages are sent when they stand on the demonstration's page, whatever the settings."""
    settings.DEMO_MESSAGES_PAGE = True


@pytest.fixture
def gateway(settings):
    """A gateway for text messages over HTTP that takes everything until it is told otherwise."""
    with gateways.answering() as (address, handler):
        settings.SMS_GATEWAY_URL, settings.SMS_GATEWAY_KEY = address, "key"
        yield handler

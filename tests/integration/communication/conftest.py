import pytest

from tests.factories import gateways


@pytest.fixture
def gateway(settings):
    """A gateway for text messages over HTTP that takes everything until it is told otherwise."""
    with gateways.answering() as (address, handler):
        settings.SMS_GATEWAY_URL, settings.SMS_GATEWAY_KEY = address, "key"
        yield handler

"""Whatever happens to a counter, and in whatever order, keeps the promises and agrees with simple arithmetic.

Long runs: ``MACHINE_EXAMPLES=500 MACHINE_STEPS=60 bin/test --only sqlite tests/integration/machine``.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from logistics.services import leases
from tests.integration.machine.machine import CounterMachine

pytestmark = pytest.mark.django_db
LONG = "MACHINE_EXAMPLES" in os.environ
AS_IT_IS = settings(
    max_examples=int(os.environ.get("MACHINE_EXAMPLES", "12")),
    stateful_step_count=int(os.environ.get("MACHINE_STEPS", "40")),
    derandomize=not LONG,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
# The control needs no smallest example of what it finds.
CONTROL = settings(AS_IT_IS, max_examples=40, phases=[Phase.generate])


@pytest.fixture(autouse=True)
def _rules(settings):
    settings.OPERATOR_CASH_CAP_FEN = 10**9
    settings.MAX_UNPAID_ORDERS_PER_PHONE = 100
    settings.READER_LAG_ALLOWED = 10**9  # nobody reads the log here
    settings.DEMO_PAYMENTS, settings.STRIPE_SECRET_KEY = True, ""


def test_nothing_that_happens_to_a_counter_breaks_a_promise():
    run_state_machine_as_test(CounterMachine, settings=AS_IT_IS)


def test_without_the_leases_guard_the_machine_finds_a_hand_over_beside_a_phone(monkeypatch):
    monkeypatch.setattr(leases, "see_free", lambda *_args, **_more: None)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(CounterMachine, settings=CONTROL)

import pytest

from logistics.states import CANCELLABLE, ENDED, MOVES, PARCEL_MOVES, ConsignmentState, ParcelState


@pytest.mark.parametrize(("states", "moves"), [(ConsignmentState, MOVES), (ParcelState, PARCEL_MOVES)])
def test_every_state_has_its_moves_and_every_move_leads_to_a_state(states, moves):
    assert set(moves) == set(states)
    assert {to for reached in moves.values() for to in reached} <= set(states)


def test_what_can_be_cancelled_has_not_left():
    assert {state for state, moves in MOVES.items() if ConsignmentState.CANCELLED in moves} == CANCELLABLE


def test_nothing_leaves_an_end():
    assert all(not MOVES[state] for state in ENDED)
    assert ConsignmentState.AT_POINT not in ENDED

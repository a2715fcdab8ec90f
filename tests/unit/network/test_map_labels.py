"""No name on a map runs into another, into a named dot or out of the frame."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from marketplace.network import map_labels
from marketplace.network.map_labels import NEAR_SIZE, Box, Named
from villages import maps

FRAME = "0 0 200 200"
WHERE = st.floats(0, 200, allow_nan=False)
DOTS = st.lists(
    st.builds(
        Named,
        WHERE,
        WHERE,
        st.just(2.0),
        st.sampled_from(["石门", "津市市", "靖州", "Li"]),
        is_important=st.booleans(),
    ),
    max_size=15,
)
CROWD = (("常德", 111.698784, 29.031654), ("武陵", 111.6906, 29.0403), ("鼎城", 111.6808, 29.0186))


@given(DOTS, DOTS)
def test_no_name_runs_into_another_or_into_a_named_dot_or_out_of_the_frame(dots, others):
    labels = map_labels.place(dots, others=others, size=NEAR_SIZE, view_box=FRAME)

    assert not any(one.box.overlaps(other.box) for one, other in combinations(labels, 2))
    assert not any(label.box.overlaps(dot.box) for label in labels for dot in dots)
    assert all(label.box.lies_within(Box(0, 0, 200, 200)) for label in labels)


@given(DOTS)
def test_a_dot_that_stands_alone_is_named(dots):
    alone = Named(400, 100, 2.0, "石门")

    labels = map_labels.place([*dots, alone], size=NEAR_SIZE, view_box="0 0 500 200")

    assert any(label.text == "石门" and label.box.left > 300 for label in labels)


def test_three_hubs_in_one_town_are_all_named():
    dots = [Named(*maps.place(x, y), 2.5, name, is_important=name == "常德") for name, x, y in CROWD]

    labels = map_labels.place(dots, size=NEAR_SIZE, view_box=maps.VIEW_BOX)

    assert {label.text for label in labels} == {"常德", "武陵", "鼎城"}


def test_where_there_is_no_room_for_both_the_more_important_is_named():
    dots = [Named(50, 50, 1, name, is_important=name == "常德") for name in ("武陵", "鼎城", "桃源", "常德")]

    labels = map_labels.place(dots, size=NEAR_SIZE, view_box="35 35 30 30")

    assert labels[0].text == "常德"
    assert len(labels) < len(dots)

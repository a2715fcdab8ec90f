"""The named steps of routing, mending, redirecting, collecting, syncing, paying and refunding, at each of which a
worker may be killed.

Nothing happens here. The tests put something in the place of ``passed`` that stops a worker at one of them.
"""

ROUTING = (
    "claimed",
    "searched",
    "holds-moved",
    "crates-taken",
    "legs-written",
    "settled",
    "events-appended",
    "committed",
)
MENDING = tuple(
    f"mending-{step}"
    for step in ("holds-moved", "crates-given-back", "crates-taken", "legs-written", "events-appended", "committed")
)
REDIRECTING = tuple(
    f"redirecting-{step}" for step in ("holds-moved", "crates-given-back", "legs-written", "events-appended")
)
COLLECTING = tuple(
    f"collecting-{step}"
    for step in ("locked", "moved", "written", "events-appended", "booked", "settled", "cash-seen", "committed")
)
SYNCING = tuple(f"syncing-{step}" for step in ("noted", "proved", "applied", "decided", "committed"))
PAYING = tuple(f"paying-{step}" for step in ("stored", "opened", "kept", "looked", "noted"))
REFUNDING = tuple(f"refunding-{step}" for step in ("decided", "taken", "sent", "confirmed"))


def passed(step: str) -> None:
    """Note that a step is done."""

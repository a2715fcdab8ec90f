"""Questions to applications."""

from marketplace.applying.models import PointApplication
from marketplace.applying.services.applications import PAPERS, matter_of
from marketplace.evidence import queries as evidence
from marketplace.evidence.models import Photo
from marketplace.wording import WEEKDAYS


def papers(application: PointApplication) -> dict[str, list[Photo]]:
    """Return the photos of an application by paper: ``licence``, ``front``."""
    found = evidence.of(matter_of(application, paper) for paper in PAPERS)
    return {paper: found[matter_of(application, paper)] for paper in PAPERS}


def matters(application: PointApplication) -> list[str]:
    """Return what the photos of an application are kept under."""
    return [matter_of(application, paper) for paper in PAPERS]


def hours(application: PointApplication) -> list[tuple]:
    """Return the stated hours as (weekday's name, opens, closes)."""
    return [(WEEKDAYS[day], opens, closes) for day, opens, closes in application.stated.get("hours", [])]

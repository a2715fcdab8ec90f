"""Applications: drafts, submitting, the county's decision, the agreement with which the point opens."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from core import events, locks
from core.events import NewEvent
from marketplace.applying.models import PointApplication
from marketplace.applying.states import APPLICATION_MOVES, EDITABLE, ApplicationState
from marketplace.communication import words
from marketplace.communication.services import messages
from marketplace.evidence.models import Photo
from marketplace.evidence.services import photos as evidence
from villages.models import Division, Operator
from villages.services import points
from villages.services.points import Application
from villages.states import LocationPrecision, OperatorRole

AGREEMENT = "2026-11"  # the version of templates/applying/_agreement.html
OPEN_APPLICATIONS = 3
PAPERS = ("licence", "front")
DECISIONS = frozenset({ApplicationState.ACCEPTED, ApplicationState.CHANGE_ASKED, ApplicationState.REFUSED})


class UnableToApplyForPoint(Exception):
    """The application is not the applicant's to change now, or lacks something."""


class UnableToDecide(Exception):
    """The application is not under review, is one's own, or a reason is missing."""


class UnableToAgree(Exception):
    """The application is not accepted, or the agreement changed since it was read."""


@dataclass(frozen=True)
class Stated:
    """What an applicant states; papers are photos by kind."""

    division: Division
    name: str
    kind: str
    address: str
    contact_name: str
    contact_phone: str
    licence: str
    hours: list[tuple[int, str, str]]
    crates: Mapping[str, int]


def matter_of(application: PointApplication, paper: str) -> str:
    """Return what photos of an application's papers are kept under."""
    return f"point-application:{application.pk}:{paper}"


def begin(*, by, at: dt.datetime) -> PointApplication:
    """Begin a draft; an empty one that is there already goes on.

    :raises UnableToApplyForPoint: where too many applications of this person are not decided yet.
    """
    with transaction.atomic():
        locks.mutex(f"applying:{by.pk}")
        mine = PointApplication.objects.filter(applicant=by).order_by("-pk")
        draft = mine.filter(state=ApplicationState.DRAFT).first()
        if draft is not None:
            return draft
        if mine.exclude(state__in=(ApplicationState.REFUSED, ApplicationState.OPENED)).count() >= OPEN_APPLICATIONS:
            raise UnableToApplyForPoint(_("Three of your applications are not decided yet."))
        made = PointApplication.objects.create(applicant=by, created_at=at)
        _tell(made, "application.begun", by=by, at=at)
        return made


def keep(
    application: PointApplication,
    *,
    typed: Mapping[str, str],
    papers: Mapping[str, Iterable[Photo]],
    by,
    at: dt.datetime,
) -> None:
    """Keep what was typed, and the photos, without sending it.

    :raises UnableToApplyForPoint: where it is under review or decided, or a photo is gone.
    """
    with transaction.atomic():
        changed = PointApplication.objects.filter(pk=application.pk, applicant=by, state__in=EDITABLE)
        application.typed = json.dumps(dict(typed), ensure_ascii=False)
        application.name = typed.get("name", "")[:64]
        if not changed.update(typed=application.typed, name=application.name):
            raise UnableToApplyForPoint(_("This application cannot be changed now."))
        try:
            for paper, found in papers.items():
                evidence.bind(found, matter=matter_of(application, paper), at=at)
        except evidence.UnableToBind as error:
            raise UnableToApplyForPoint(_("A photo is not there any more. Please take it again.")) from error


def remove_paper(application: PointApplication, *, photo_id: int, by) -> None:
    """Take a photo out of an application that can still be changed.

    :raises UnableToApplyForPoint: where it cannot be, or has no such photo.
    """
    with transaction.atomic():
        open_ = PointApplication.objects.filter(pk=application.pk, applicant=by, state__in=EDITABLE)
        if not open_.update(state=F("state")):
            raise UnableToApplyForPoint(_("This application cannot be changed now."))
        mine = {matter_of(application, paper) for paper in PAPERS}
        photo = Photo.objects.filter(pk=photo_id, matter__in=mine).first()
        if photo is None:
            raise UnableToApplyForPoint(_("A photo is not there any more. Please take it again."))
        evidence.release(photo, matter=photo.matter)


def submit(application: PointApplication, *, stated: Stated, by, at: dt.datetime) -> None:
    """Send an application to the county.

    :raises UnableToApplyForPoint: where it is under review or decided, or a paper is missing.
    """
    missing = [paper for paper in PAPERS if not Photo.objects.filter(matter=matter_of(application, paper)).exists()]
    if missing:
        raise UnableToApplyForPoint(_("Please add photos of the business licence and of the shopfront."))
    details = {
        "kind": stated.kind,
        "address": stated.address,
        "contact_name": stated.contact_name,
        "contact_phone": stated.contact_phone,
        "licence": stated.licence,
        "hours": stated.hours,
        "crates": dict(stated.crates),
    }
    with transaction.atomic():
        _move(
            application,
            ApplicationState.SUBMITTED,
            UnableToApplyForPoint(_("This application cannot be changed now.")),
            division=stated.division,
            name=stated.name,
            stated=details,
            submitted_at=at,
            note="",
        )
        _tell(application, "application.submitted", by=by, at=at)


def decide(application: PointApplication, *, decision: str, note: str, by, at: dt.datetime) -> None:
    """Accept an application, ask for a change, or refuse it; the applicant is told by text message.

    :raises UnableToDecide: where it is not under review, is one's own, or lacks its sentence.
    """
    if decision not in DECISIONS:
        raise ValueError(f"{decision} is no decision")
    if application.applicant_id == by.pk:
        raise UnableToDecide(_("Nobody decides on an application of their own."))
    if decision != ApplicationState.ACCEPTED and not note:
        raise UnableToDecide(_("Please say in a sentence what is to be changed, or why it is refused."))
    with transaction.atomic():
        refusal = UnableToDecide(_("This application is not under review any more."))
        made = _applied(application, by=by, at=at) if decision == ApplicationState.ACCEPTED else None
        _move(application, decision, refusal, note=note, decided_by=by, decided_at=at, point=made)
        _tell(application, f"application.{decision.lower()}", by=by, at=at)
        if application.applicant.phone:
            told = {
                ApplicationState.ACCEPTED: _("%(name)s is accepted as a pickup point. Please read the agreement."),
                ApplicationState.CHANGE_ASKED: _("Your application for %(name)s needs a change: %(note)s"),
                ApplicationState.REFUSED: _("Your application for %(name)s is refused: %(note)s"),
            }[decision]
            messages.enqueue_sms(
                application.applicant.phone,
                name="application.decided",
                body=words.signed(told % {"name": application.name, "note": note}),
                at=at,
            )


def agree(application: PointApplication, *, version: str, by, at: dt.datetime) -> None:
    """Agree to the agreement; the point opens and the applicant owns it.

    :param version: of the text that was read.
    :raises UnableToAgree: where the application is not accepted, or another version holds by now.
    """
    if version != AGREEMENT:
        raise UnableToAgree(_("The agreement has changed. Please read it once more."))
    if application.applicant_id != by.pk:
        raise UnableToAgree(_("Only the applicant can agree."))
    with transaction.atomic():
        refusal = UnableToAgree(_("This application is not accepted, or the point is open already."))
        _move(application, ApplicationState.OPENED, refusal, agreement=version, agreed_at=at)
        Operator.objects.create(point=application.point, user=by, role=OperatorRole.OWNER, since=at)
        points.open([application.point], by=by, at=at)
        events.append(
            [
                NewEvent("application", application.pk, "application.agreed", {"version": version}),
                NewEvent("point", application.point_id, "point.owner_joined", {"user": by.pk}),
            ],
            by=by,
            at=at,
        )


def _applied(application: PointApplication, *, by, at: dt.datetime):
    """Make the point in APPLIED, at the place of its village, else of what is above it."""
    stated = application.stated
    place = application.division
    while place is not None and place.longitude is None:
        place = place.parent
    if place is None:
        raise UnableToDecide(_("The division has no known position. Please ask the platform."))
    hours = [(day, dt.time.fromisoformat(opens), dt.time.fromisoformat(ends)) for day, opens, ends in stated["hours"]]
    try:
        return points.apply(
            [
                Application(
                    division_code=application.division_id,
                    name=application.name,
                    kind=stated["kind"],
                    address=stated["address"],
                    contact_name=stated["contact_name"],
                    contact_phone=stated["contact_phone"],
                    longitude=float(place.longitude),
                    latitude=float(place.latitude),
                    hours=hours,
                    capacities={each: crates for each, crates in stated["crates"].items() if crates},
                    location_precision=LocationPrecision.APPROXIMATE,
                )
            ],
            by=by,
            at=at,
        )[0]
    except points.UnableToApply as error:
        raise UnableToDecide(_("The division has ended. Please ask for another one.")) from error


def _move(application: PointApplication, to: str, refusal: Exception, **changes) -> None:
    """Move an application to a state from one that allows it, or raise the refusal."""
    allowed = [state for state, moves in APPLICATION_MOVES.items() if to in moves]
    if not PointApplication.objects.filter(pk=application.pk, state__in=allowed).update(state=to, **changes):
        raise refusal
    for name, value in {"state": to, **changes}.items():
        setattr(application, name, value)


def _tell(application: PointApplication, name: str, *, by, at: dt.datetime) -> None:
    payload = {"division": application.division_id} if application.division_id else {}
    events.append([NewEvent("application", application.pk, name, payload)], by=by, at=at)

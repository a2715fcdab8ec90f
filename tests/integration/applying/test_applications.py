"""Becoming a pickup point: drafts, papers, the county's decision, the agreement, the opening."""

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from core.models import Event
from marketplace import stepping_up
from marketplace.applying import credit_codes
from marketplace.applying.models import PointApplication
from marketplace.applying.services import applications
from marketplace.applying.states import ApplicationState
from marketplace.communication.models import Message
from marketplace.evidence.models import Photo
from marketplace.evidence.services import photos
from marketplace.users.models import StaffAssignment
from tests.factories import applying, shop, villages
from tests.factories.photos import jpeg
from tests.factories.shop import MONDAY
from villages.models import Operator, PickupPoint
from villages.states import LocationPrecision, OperatorRole, PointState

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_monday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: MONDAY)


@pytest.fixture
def applicant():
    return shop.user("陈店主")


@pytest.fixture
def submitted(applicant):
    return applying.submitted(by=applicant)


def staff(code: str = "430726000000"):
    for village in ("430723001001", "430726001001"):
        villages.division(village)
    person = shop.user("县里")
    StaffAssignment.objects.create(user=person, division_id=code, since=MONDAY)
    return person


def signed_in(person, *, stepped_up: bool = False) -> Client:
    client = Client()
    client.force_login(person, backend="marketplace.users.backends.PhoneOrEmailBackend")
    if stepped_up:
        session = client.session
        session[stepping_up.KEY] = {"user": person.pk, "at": clock.now().isoformat()}
        session.save()
    return client


def fields(**changes) -> dict:
    days = {f"d{day}_{end}": time for day in range(6) for end, time in (("opens", "08:00"), ("closes", "20:00"))}
    said = {
        "division": villages.division().code,
        "name": "东泉村农家店",
        "kind": "VILLAGE_SHOP",
        "address": "村口 12 号",
        "contact_name": "陈店主",
        "contact_phone": "13700000001",
        "licence": "91350100m000100y43",
        "crates_AMBIENT": "40",
        "do": "send",
    }
    return days | said | changes


def papers() -> dict:
    return {"licence_photos": [jpeg()], "front_photos": [jpeg()]}


def address(application: PointApplication) -> str:
    return reverse("applying:application", args=[application.pk])


@pytest.mark.parametrize("code", ["91350100M000100Y43"])
def test_the_check_character_is_the_standards(code):
    assert credit_codes.is_sound(code)


def test_every_single_mistyped_character_is_seen():
    code = "91350100M000100Y43"
    wrong = {
        code[:place] + other + code[place + 1 :]
        for place in range(len(code))
        for other in credit_codes.ALPHABET
        if other != code[place]
    }

    assert len(wrong) == 18 * 30
    assert not [each for each in wrong if credit_codes.is_sound(each)]
    assert not credit_codes.is_sound("91350100I000100Y43")


def test_an_application_is_sent_with_its_papers(applicant):
    client = signed_in(applicant)
    client.post(reverse("applying:begin"))
    made = PointApplication.objects.get()

    answer = client.post(address(made), fields() | papers())

    assert answer.status_code == 302, answer.context["form"].errors
    made.refresh_from_db()
    assert (made.state, made.name, made.division_id) == (ApplicationState.SUBMITTED, "东泉村农家店", "430726001001")
    assert made.stated["licence"] == applying.LICENCE
    assert made.stated["hours"][0] == [0, "08:00", "20:00"]
    assert len(made.stated["hours"]) == 6
    assert made.stated["crates"] == {"AMBIENT": 40, "CHILLED": 0, "FROZEN": 0}
    assert [event.payload for event in Event.objects.filter(name="application.submitted")] == [
        {"division": "430726001001"}
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"licence": "91350100M000100Y44"}, "licence"),
        ({"division": "430726000000"}, "division"),
        ({"contact_phone": "12"}, "contact_phone"),
        ({"d0_closes": "07:00"}, "d0_opens"),
        ({"crates_AMBIENT": ""}, "crates_AMBIENT"),
        ({f"d{day}_{end}": "" for day in range(6) for end in ("opens", "closes")}, "d0_opens"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept(applicant, changes, field):
    made = applying.draft(by=applicant)
    client = signed_in(applicant)

    answer = client.post(address(made), fields(**changes) | papers())

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    made.refresh_from_db()
    assert made.state == ApplicationState.DRAFT
    assert 'value="村口 12 号"' in client.get(address(made)).content.decode()


def test_an_application_without_papers_is_refused_in_words(applicant):
    made = applying.draft(by=applicant)

    answer = signed_in(applicant).post(address(made), fields())

    assert answer.status_code == 422
    assert answer.context["form"].non_field_errors()
    made.refresh_from_db()
    assert made.state == ApplicationState.DRAFT


def test_an_unfinished_draft_is_kept_with_its_photos(applicant):
    made = applying.draft(by=applicant)
    client = signed_in(applicant)

    client.post(address(made), {"name": "半个", "licence": "9", "do": "keep", "licence_photos": [jpeg()]})
    page = client.get(address(made))

    assert 'value="半个"' in page.content.decode()
    photo = page.context["papers"]["licence"][0]
    assert client.get(reverse("applying:paper", args=[made.pk, photo.pk])).status_code == 200
    assert signed_in(shop.user()).get(reverse("applying:paper", args=[made.pk, photo.pk])).status_code == 404
    assert client.post(address(made), fields(front_photos=[jpeg()])).status_code == 302


def test_the_place_is_chosen_by_steps(applicant):
    village = villages.division()
    made = applying.draft(by=applicant)
    client = signed_in(applicant)
    url = reverse("applying:where", args=[made.pk])

    for below, within in (("430700000000", None), ("430726000000", "430700000000"), ("430726001000", "430726000000")):
        assert f"?in={below}" in client.get(url, {"in": within} if within else {}).content.decode()
    last = client.get(url, {"in": "430726001000"}).content.decode()

    assert f"{address(made)}?place={village.code}" in last
    assert client.get(url, {"in": "110000000000"}).status_code == 404
    assert client.get(address(made), {"place": village.code}).context["form"]["division"].value() == village.code


def test_accepted_and_agreed_the_point_opens_and_is_the_applicants(applicant, submitted):
    county = staff()
    review = reverse("applying:review", args=[submitted.pk])
    assert "东泉村农家店" in signed_in(county).get(reverse("applying:reviews")).content.decode()

    signed_in(county, stepped_up=True).post(review, {"decision": "ACCEPTED"})
    point = PickupPoint.objects.get()
    assert (point.state, point.location_precision) == (PointState.APPLIED, LocationPrecision.APPROXIMATE)
    mine = signed_in(applicant)
    assert applications.AGREEMENT in mine.get(address(submitted)).content.decode()
    answer = mine.post(address(submitted), {"version": applications.AGREEMENT})

    assert answer["Location"] == reverse("counter:index")
    point.refresh_from_db()
    submitted.refresh_from_db()
    assert (point.state, point.hours.count(), point.storage_classes) == (PointState.OPEN, 7, {"AMBIENT"})
    assert (submitted.state, submitted.agreement) == (ApplicationState.OPENED, applications.AGREEMENT)
    assert Operator.objects.get().role == OperatorRole.OWNER
    assert mine.get(reverse("counter:index")).status_code == 200
    assert Event.objects.get(name="application.agreed").payload == {"version": applications.AGREEMENT}


def test_a_change_that_is_asked_for_is_made_and_sent_again(applicant, submitted):
    county = staff()
    applications.decide(submitted, decision=ApplicationState.CHANGE_ASKED, note="门面照片太暗", by=county, at=MONDAY)
    client = signed_in(applicant)

    assert "门面照片太暗" in client.get(address(submitted)).content.decode()
    assert "门面照片太暗" in Message.objects.get(name="application.decided").body
    assert client.post(address(submitted), fields(front_photos=[jpeg()])).status_code == 302

    submitted.refresh_from_db()
    assert (submitted.state, submitted.note) == (ApplicationState.SUBMITTED, "")


def test_a_refused_application_opens_nothing(applicant, submitted):
    applications.decide(submitted, decision=ApplicationState.REFUSED, note="没有执照", by=staff(), at=MONDAY)

    with pytest.raises(applications.UnableToAgree):
        applications.agree(submitted, version=applications.AGREEMENT, by=applicant, at=MONDAY)

    assert not PickupPoint.objects.exists()
    assert not Operator.objects.exists()
    assert "没有执照" in signed_in(applicant).get(address(submitted)).content.decode()


@pytest.mark.parametrize("decision", [ApplicationState.CHANGE_ASKED, ApplicationState.REFUSED])
def test_a_decision_against_needs_its_sentence(submitted, decision):
    with pytest.raises(applications.UnableToDecide):
        applications.decide(submitted, decision=decision, note="", by=staff(), at=MONDAY)

    submitted.refresh_from_db()
    assert submitted.state == ApplicationState.SUBMITTED


def test_nobody_decides_on_an_own_application_and_nobody_twice(applicant, submitted):
    county = staff()
    with pytest.raises(applications.UnableToDecide):
        applications.decide(submitted, decision=ApplicationState.ACCEPTED, note="", by=applicant, at=MONDAY)
    applications.decide(submitted, decision=ApplicationState.ACCEPTED, note="", by=county, at=MONDAY)

    with pytest.raises(applications.UnableToDecide):
        applications.decide(submitted, decision=ApplicationState.ACCEPTED, note="", by=county, at=MONDAY)

    assert PickupPoint.objects.count() == 1


def test_another_version_of_the_agreement_opens_nothing(applicant, submitted):
    applications.decide(submitted, decision=ApplicationState.ACCEPTED, note="", by=staff(), at=MONDAY)

    signed_in(applicant).post(address(submitted), {"version": "2020-01"})

    assert PickupPoint.objects.get().state == PointState.APPLIED


def test_another_countys_staff_sees_none_of_it(submitted):
    elsewhere = signed_in(staff("430723000000"), stepped_up=True)

    assert "东泉村农家店" not in elsewhere.get(reverse("applying:reviews")).content.decode()
    assert elsewhere.post(reverse("applying:review", args=[submitted.pk]), {"decision": "ACCEPTED"}).status_code == 404
    assert not PickupPoint.objects.exists()


def test_a_draft_is_seen_by_no_staff(applicant):
    made = applying.draft(by=applicant)

    assert signed_in(staff(), stepped_up=True).get(reverse("applying:review", args=[made.pk])).status_code == 404


def test_a_decision_asks_for_the_second_factor(submitted):
    answer = signed_in(staff()).post(reverse("applying:review", args=[submitted.pk]), {"decision": "ACCEPTED"})

    assert answer["Location"].startswith(reverse("customer:step-up"))
    assert not PickupPoint.objects.exists()


def test_a_photo_of_the_papers_can_be_taken_out_and_what_was_typed_stays(client):
    person = shop.user()
    client.force_login(person, backend="marketplace.users.backends.PhoneOrEmailBackend")
    made = applying.draft(by=person)
    kept = photos.keep(jpeg(), at=MONDAY)
    applications.keep(made, typed={}, papers={"licence": [kept]}, by=person, at=MONDAY)
    page = reverse("applying:application", args=[made.pk])

    client.post(page, {"name": "东泉村农家店", "remove": str(kept.pk)})

    assert Photo.objects.get(pk=kept.pk).matter == ""
    assert "东泉村农家店" in client.get(page).content.decode()
    assert reverse("applying:paper", args=[made.pk, kept.pk]) not in client.get(page).content.decode()


def test_choosing_the_place_keeps_what_was_typed(client):
    person = shop.user()
    client.force_login(person, backend="marketplace.users.backends.PhoneOrEmailBackend")
    made = applying.draft(by=person)
    page = reverse("applying:application", args=[made.pk])

    led = client.post(page, {"name": "东泉村农家店", "do": "place"})

    assert led["Location"] == reverse("applying:where", args=[made.pk])
    assert "东泉村农家店" in client.get(page).content.decode()


def test_a_village_is_found_by_its_name_and_the_county_before_it(client):
    person = shop.user()
    client.force_login(person, backend="marketplace.users.backends.PhoneOrEmailBackend")
    made = applying.draft(by=person)
    villages.division("430726000000", name="石门县", level="COUNTY")
    villages.division("430726001001", name="东泉村", level="VILLAGE")
    villages.division("430723001001", name="东泉村", level="VILLAGE")
    page = reverse("applying:where", args=[made.pk])

    both = client.get(page, {"village": "东泉"}).content.decode()
    one = client.get(page, {"village": "石门 东泉"}).content.decode()

    assert "place=430726001001" in both
    assert "place=430723001001" in both
    assert "place=430726001001" in one
    assert "place=430723001001" not in one
    assert "没有叫这个名字的村" in client.get(page, {"village": "不存在"}).content.decode()

"""Inviting operators by a link, removing them at once, and handing the point over."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from core.models import Event
from marketplace import stepping_up
from tests.factories import shop
from tests.integration.counter.conftest import NOW
from villages.models import Invitation, Operator
from villages.services import operators
from villages.states import InvitationState, OperatorRole, PointState

OPERATORS, INDEX = reverse("counter:operators"), reverse("counter:index")


@pytest.fixture
def owner(counter):
    return shop.operator(counter.point, person=shop.user("王桂兰"), role=OperatorRole.OWNER)


def signed_in(person, *, stepped_up: bool = False) -> Client:
    client = Client()
    client.force_login(person, backend="marketplace.users.backends.PhoneOrEmailBackend")
    if stepped_up:
        session = client.session
        session[stepping_up.KEY] = {"user": person.pk, "at": clock.now().isoformat()}
        session.save()
    return client


def link(invitation: Invitation) -> str:
    return reverse("counter:join", args=[operators.token_of(invitation)])


def roles(point) -> dict[int, str]:
    return dict(Operator.objects.filter(point=point, until=None).values_list("user", "role"))


def test_an_invitation_makes_one_person_an_operator_once(owner, counter):
    mine = signed_in(owner, stepped_up=True)
    shown = mine.get(mine.post(OPERATORS)["Location"])
    invitation = Invitation.objects.get()
    assert link(invitation) in shown.content.decode()
    new, late = shop.user("李新"), shop.user("赵迟")

    accepted = signed_in(new).post(link(invitation))
    again = signed_in(late).post(link(invitation))

    assert accepted["Location"] == INDEX
    assert again.status_code == 404
    assert roles(counter.point) == {
        counter.operator.pk: OperatorRole.OPERATOR,
        owner.pk: OperatorRole.OWNER,
        new.pk: OperatorRole.OPERATOR,
    }
    assert [event.name for event in Event.objects.filter(stream="point").order_by("pk")] == [
        "point.operator_invited",
        "point.operator_joined",
    ]


def test_the_link_names_the_point_and_nobody_who_works_there(owner, counter):
    page = Client().get(link(operators.invite(counter.point, by=owner, at=NOW))).content.decode()

    assert counter.point.name in page
    assert "王桂兰" not in page
    assert counter.point.contact_phone not in page


def test_whoever_is_not_signed_in_comes_back_to_the_link_and_joins_nothing(owner, counter):
    url = link(operators.invite(counter.point, by=owner, at=NOW))

    answer = Client().post(url)

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("customer:login"))
    assert Operator.objects.filter(point=counter.point).count() == 2


@pytest.mark.parametrize("case", ["expired", "withdrawn", "forged", "closed point"])
def test_a_link_that_is_over_is_a_404(owner, counter, case, monkeypatch):
    invitation = operators.invite(counter.point, by=owner, at=NOW)
    url = link(invitation)
    if case == "expired":
        monkeypatch.setattr(clock, "now", lambda: NOW + dt.timedelta(days=7))
    elif case == "withdrawn":
        signed_in(owner, stepped_up=True).post(reverse("counter:invitation", args=[invitation.pk]))
    elif case == "forged":
        url = reverse("counter:join", args=["x" + operators.token_of(invitation)])
    else:
        type(counter.point).objects.filter(pk=counter.point.pk).update(state=PointState.CLOSED)
    new = shop.user()

    assert signed_in(new).get(url).status_code == 404
    assert signed_in(new).post(url).status_code == 404

    assert new.pk not in roles(counter.point)


def test_an_operator_cannot_accept_twice_and_the_invitation_stays(owner, counter):
    invitation = operators.invite(counter.point, by=owner, at=NOW)

    with pytest.raises(operators.UnableToJoin):
        operators.accept(invitation, by=counter.operator, at=NOW)

    invitation.refresh_from_db()
    assert invitation.state == InvitationState.OPEN


def test_a_removed_operator_gets_a_404_with_the_next_request(owner, counter):
    theirs = counter.client()
    assert theirs.get(INDEX).status_code == 200
    row = Operator.objects.get(user=counter.operator)

    signed_in(owner, stepped_up=True).post(reverse("counter:operator", args=[row.pk]), {"do": "remove"})

    assert theirs.get(INDEX).status_code == 404
    row.refresh_from_db()
    assert row.until == NOW
    assert Event.objects.get(name="point.operator_left").payload == {"user": counter.operator.pk}


def test_a_removed_operator_can_be_invited_again(owner, counter):
    operators.remove(Operator.objects.get(user=counter.operator), by=owner, at=NOW)

    operators.accept(operators.invite(counter.point, by=owner, at=NOW), by=counter.operator, at=NOW)

    assert counter.client().get(INDEX).status_code == 200


def test_the_owner_cannot_be_removed(owner, counter):
    with pytest.raises(operators.UnableToRemove):
        operators.remove(Operator.objects.get(user=owner), by=owner, at=NOW)

    assert roles(counter.point)[owner.pk] == OperatorRole.OWNER


def test_the_point_is_handed_over_and_has_one_owner(owner, counter):
    row = Operator.objects.get(user=counter.operator)
    mine = signed_in(owner, stepped_up=True)

    mine.post(reverse("counter:operator", args=[row.pk]), {"do": "hand-over"})

    assert roles(counter.point) == {counter.operator.pk: OperatorRole.OWNER, owner.pk: OperatorRole.OPERATOR}
    assert mine.get(OPERATORS).status_code == 404
    assert Event.objects.get(name="point.owner_changed").payload == {"from": owner.pk, "to": counter.operator.pk}


def test_nobody_but_the_owner_hands_the_point_over(owner, counter):
    other = shop.operator(counter.point)

    with pytest.raises(operators.UnableToRemove):
        operators.hand_over_point(Operator.objects.get(user=other), by=counter.operator, at=NOW)

    assert roles(counter.point)[owner.pk] == OperatorRole.OWNER


@pytest.mark.parametrize("method", ["get", "post"])
def test_all_of_it_asks_for_the_second_factor_and_changes_nothing_before(owner, counter, method):
    row = Operator.objects.get(user=counter.operator)
    invitation = operators.invite(counter.point, by=owner, at=NOW)
    mine = signed_in(owner)

    for url in (
        OPERATORS,
        reverse("counter:operator", args=[row.pk]),
        reverse("counter:invitation", args=[invitation.pk]),
    ):
        assert getattr(mine, method)(url)["Location"].startswith(reverse("customer:step-up"))

    assert Invitation.objects.filter(state=InvitationState.OPEN).count() == 1
    assert len(roles(counter.point)) == 2


def test_invitations_do_not_pile_up(owner, counter, monkeypatch):
    monkeypatch.setattr(operators, "OPEN_INVITATIONS", 1)
    operators.invite(counter.point, by=owner, at=NOW)

    with pytest.raises(operators.UnableToInvite):
        operators.invite(counter.point, by=owner, at=NOW)
    operators.invite(counter.point, by=owner, at=NOW + operators.LASTS)


def test_registering_from_a_link_leads_back_to_it(owner, counter):
    url = link(operators.invite(counter.point, by=owner, at=NOW))

    page = Client().get(reverse("customer:register"), {"next": url}).content.decode()

    assert f'name="next" value="{url}"' in page

"""Photos as proof: kept through a refused form, bound to one matter, seen by nobody else, forgotten if never sent."""

import datetime as dt

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.datastructures import MultiValueDict

from core import clock
from marketplace.evidence import queries
from marketplace.evidence.fields import PhotosField
from marketplace.evidence.models import Photo
from marketplace.evidence.services import photos
from marketplace.evidence.services.photos import UnableToBind
from tests.factories.photos import jpeg
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db


class ProofForm(forms.Form):
    photos = PhotosField(most=2)
    reason = forms.CharField()


def form(*sent, kept=(), reason: str = "") -> ProofForm:
    data = MultiValueDict({"photos-kept": list(kept), "reason": [reason]})
    return ProofForm(data, MultiValueDict({"photos": list(sent)}))


def test_a_photo_stays_while_the_rest_of_the_form_is_refused():
    first = form(jpeg())
    assert not first.is_valid()
    (photo,) = Photo.objects.all()
    assert f'value="{photo.token}"' in str(first["photos"])

    second = form(kept=[photo.token], reason="破了")

    assert second.is_valid(), second.errors
    assert second.cleaned_data["photos"] == [photo]
    with photo.image.open("rb") as file:
        assert b"secret place" not in file.read()


def test_what_is_no_photo_is_refused_and_the_others_stay():
    refused = form(jpeg(), SimpleUploadedFile("x.jpg", b"no photo", "image/jpeg"), reason="破了")

    assert not refused.is_valid()
    assert "不是照片" in str(refused.errors["photos"])
    assert Photo.objects.count() == 1
    assert Photo.objects.get().token in str(refused["photos"])


def test_there_are_a_few_at_most_and_one_at_least():
    assert "最多 2 张" in str(form(jpeg(), jpeg(), jpeg(), jpeg(), reason="破了").errors["photos"])
    assert Photo.objects.count() == 3, "no more is kept than shows that it was too many"
    assert "请拍" in str(form(reason="破了").errors["photos"])


def test_one_that_is_bound_proves_nothing_else(client):
    photo = photos.keep(jpeg(), at=MONDAY)
    address = reverse("evidence:unbound", args=[photo.token])

    photos.bind([photo], matter="claim:1", at=MONDAY)

    with pytest.raises(UnableToBind):
        photos.bind([photo], matter="claim:2", at=MONDAY)
    assert queries.of(["claim:1", "claim:2"]) == {"claim:1": [photo], "claim:2": []}
    assert client.get(address).status_code == 404
    assert not form(kept=[photo.token], reason="破了").is_valid()


def test_whoever_took_it_sees_it_until_it_is_sent(client, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: MONDAY)
    photo = photos.keep(jpeg(), at=MONDAY)
    address = reverse("evidence:unbound", args=[photo.token])

    answer = client.get(address)

    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/webp"
    assert "no-store" in answer["Cache-Control"]
    assert answer.content[:4] == b"RIFF"
    monkeypatch.setattr(clock, "now", lambda: MONDAY + photos.UNBOUND_FOR)
    assert client.get(address).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_what_was_never_sent_is_deleted_with_its_file():
    old, new, bound = (photos.keep(jpeg(), at=at) for at in (MONDAY, MONDAY + dt.timedelta(hours=2), MONDAY))
    photos.bind([bound], matter="claim:1", at=MONDAY)

    assert photos.forget_unbound(at=MONDAY + photos.UNBOUND_FOR) == 1

    assert set(Photo.objects.all()) == {new, bound}
    assert not old.image.storage.exists(old.image.name)
    assert bound.image.storage.exists(bound.image.name)

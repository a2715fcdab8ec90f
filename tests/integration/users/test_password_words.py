"""What a refused registration or sign-in says: in Chinese throughout, and a phone number is no password."""

import html
import re

import pytest
from django.contrib.auth.password_validation import (
    MinimumLengthValidator,
    get_default_password_validators,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import translation

from core import clock
from marketplace.storefront.forms import RegistrationForm, SignInForm, StepUpForm
from marketplace.users.models import User
from tests.factories.shop import MONDAY

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
LATIN = re.compile(r"[A-Za-z]")
GOOD = {"name": "小满", "phone": "13812345678", "password": "ke-yi-de-mima", "phone_code": "000000"}
BAD = [
    {"password": "123"},
    {"password": "password"},
    {"password": "12345678"},
    {"password": "13812345678"},
    {"password": "a\x00bcdefghij"},
    {"name": "", "phone": "", "password": "", "phone_code": ""},
    {"phone": "12"},
    {"phone": "1" * 40},
    {"name": "满" * 40},
    {"name": "小\x00满"},
    {"phone_code": "0" * 40},
    {"phone_code": "000000"},
]


@pytest.fixture(autouse=True)
def _at_monday(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: MONDAY)


def said(refused: Client, path: str, data: dict) -> list[str]:
    """Return the sentences that stand in the page as errors."""
    response = refused.post(reverse(path), data)
    assert response.status_code == 422
    return [html.unescape(str(message)) for errors in response.context["form"].errors.values() for message in errors]


@pytest.mark.django_db
@pytest.mark.parametrize("changes", BAD, ids=lambda changes: "-".join(changes))
def test_every_error_of_registering_is_chinese(changes):
    sentences = said(Client(), "customer:register", GOOD | changes)

    assert sentences
    assert [sentence for sentence in sentences if LATIN.search(sentence)] == []


@pytest.mark.django_db
@pytest.mark.parametrize("identifier", ["", "13812345678", "x", "x" * 300, "a\x00b"])
def test_every_error_of_signing_in_is_chinese(identifier):
    response = Client().post(reverse("customer:login"), {"identifier": identifier, "password": ""})

    assert response.status_code == 422
    sentences = [str(message) for errors in response.context["form"].errors.values() for message in errors]
    assert sentences
    assert [sentence for sentence in sentences if LATIN.search(sentence)] == []


@pytest.mark.parametrize("form", [RegistrationForm, SignInForm, StepUpForm])
def test_no_sentence_that_a_field_keeps_is_english(form):
    with translation.override("zh-hans"):
        for name, field in form().fields.items():
            for code, sentence in field.error_messages.items():
                assert not LATIN.search(PLACEHOLDER.sub("", str(sentence))), (name, code)
            for validator in field.validators:
                sentence = str(getattr(validator, "message", ""))
                assert validator.code in field.error_messages or not LATIN.search(PLACEHOLDER.sub("", sentence)), name


def test_the_rule_of_django_itself_would_speak_english():
    with translation.override("zh-hans"):
        assert LATIN.search(MinimumLengthValidator(8).get_error_message())


@pytest.mark.parametrize("validator", get_default_password_validators(), ids=lambda each: type(each).__name__)
def test_each_rule_for_passwords_speaks_chinese(validator):
    with translation.override("zh-hans"):
        told = (str(validator.get_error_message()), str(validator.get_help_text()))

    assert [words for words in told if LATIN.search(PLACEHOLDER.sub("", words))] == []


def test_a_short_password_is_counted_in_both_languages():
    with translation.override("zh-hans"), pytest.raises(ValidationError) as chinese:
        validate_password("xp-2026")
    with translation.override("en"), pytest.raises(ValidationError) as english:
        validate_password("xp-2026")

    assert chinese.value.messages == ["密码太短，至少要 8 个字符。"]
    assert english.value.messages == ["This password is too short: at least 8 characters."]


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["13812345678", "8613812345678", "12345678", "138-1234-5678"])
def test_the_phone_number_is_no_password(password):
    assert said(Client(), "customer:register", GOOD | {"password": password})
    assert not User.objects.exists()


@pytest.mark.django_db
def test_another_number_is_compared_with_the_phone_only():
    with translation.override("zh-hans"):
        form = RegistrationForm(GOOD | {"password": "13812345678"})
        other = RegistrationForm(GOOD | {"password": "13812345678", "phone": "15900000000"})
        assert form.errors["password"] == ["密码跟 手机号 太相似了。"]
        assert "password" not in other.errors

"""Accounts: sign-in by phone or e-mail, registering with a code, sealed phones, keys that change."""

import re

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from core import clock
from core.sealed import digest
from marketplace.communication.models import Message
from marketplace.users import demo
from marketplace.users.models import User
from tests.factories import shop
from tests.factories.shop import MONDAY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_monday(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: MONDAY)


def sign_in(identifier: str, password: str = "secret-2026", **extra):
    client = Client()
    return client.post(reverse("customer:login"), {"identifier": identifier, "password": password} | extra)


@pytest.mark.parametrize("identifier", ["13812345678", "+86 138-1234-5678", "a@example.com", "A@Example.com"])
def test_sign_in_by_phone_or_e_mail(identifier):
    shop.user(phone="+8613812345678", email="a@example.com")
    assert sign_in(identifier).status_code == 302


@pytest.mark.parametrize("identifier", ["13812345679", "b@example.com", "", "x", "1' OR 1=1"])
def test_a_wrong_sign_in_keeps_what_was_typed_and_tells_nothing(identifier):
    shop.user(phone="+8613812345678", email="a@example.com")

    response = sign_in(identifier)

    assert response.status_code == 422
    assert 'type="password"' in response.content.decode()
    assert "secret-2026" not in response.content.decode()


def test_sign_in_goes_on_to_pages_of_this_site_only():
    shop.user(phone="+8613812345678")
    assert sign_in("13812345678", next="/accounts/orders/")["Location"] == "/accounts/orders/"
    assert sign_in("13812345678", next="https://example.com/")["Location"] == "/"
    assert sign_in("13812345678", next="//example.com/")["Location"] == "/"


def register(client: Client, **changes):
    data = {"name": "小满", "phone": "13812345678", "password": "ke-yi-de-mima", "phone_code": ""} | changes
    return client.post(reverse("customer:register"), data)


def test_an_account_is_made_with_the_code_from_the_phone():
    client = Client()
    assert register(client, action="send_code").status_code == 200
    code = re.search(r"\d{6}", Message.objects.get().body)[0]

    assert register(client, action="register", phone_code=code)["Location"] == reverse("customer:summary")

    user = User.objects.get()
    assert (user.phone, user.phone_hash, user.email) == ("+8613812345678", digest("+8613812345678"), None)
    assert client.get(reverse("customer:summary")).status_code == 200


def test_without_the_right_code_there_is_no_account():
    client = Client()
    register(client, action="send_code")
    assert register(client, action="register", phone_code="000000").status_code == 422
    assert not User.objects.exists()


def test_a_phone_has_one_account():
    shop.user(phone="+8613812345678")
    client = Client()
    register(client, action="send_code")
    code = re.search(r"\d{6}", Message.objects.get().body)[0]

    assert register(client, action="register", phone_code=code).status_code == 422
    assert User.objects.count() == 1


def test_a_phone_is_sealed_and_survives_a_change_of_keys(settings):
    user = shop.user(phone="+8613812345678")
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM users_user")
        assert "13812345678" not in cursor.fetchone()[0]

    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_KEYS]

    assert User.objects.get(pk=user.pk).phone == "+8613812345678"


def test_a_user_needs_a_phone_or_an_e_mail():
    with pytest.raises(ValueError, match="phone or by e-mail"):
        User.objects.create_user(password="x")


def test_demonstration_accounts_have_no_place_elsewhere(settings):
    settings.DEMO_ACCOUNTS = False
    with pytest.raises(demo.UnableToCreateAccounts):
        demo.create(at=MONDAY)
    for command in ("load_demo", "load_history", "demo_accounts"):
        with pytest.raises(CommandError):
            call_command(command)
    assert not User.objects.exists()


def test_the_language_is_chinese_until_it_is_switched():
    client = Client(headers={"accept-language": "en-US,en"})
    assert 'lang="zh-hans"' in client.get("/").content.decode()

    response = client.post(reverse("set_language"), {"language": "en", "next": "/basket/"})

    assert response["Location"] == "/basket/"
    assert 'lang="en"' in client.get("/").content.decode()
    assert client.post(reverse("set_language"), {"language": "xx", "next": "/"}).status_code == 302
    assert client.get("/").status_code == 200


def test_wrong_passwords_have_an_end(settings):
    settings.SIGN_IN_TRIES = 3
    shop.user(phone="+8613812345678")
    for _ in range(3):
        assert sign_in("13812345678", "wrong").status_code == 422

    refused = sign_in("13812345678")

    assert refused.status_code == 422
    assert "15" in refused.content.decode()
    assert sign_in("+86 138-1234-5678").status_code == 422


def test_a_stranger_does_not_lock_an_account_for_its_owner(settings):
    settings.SIGN_IN_TRIES = 3
    shop.user(phone="+8613812345678")
    for _ in range(5):
        Client(REMOTE_ADDR="203.0.113.9").post(
            reverse("customer:login"), {"identifier": "13812345678", "password": "wrong"}
        )

    assert sign_in("13812345678").status_code == 302


def test_one_address_cannot_try_everybody(settings):
    settings.SIGN_IN_TRIES_PER_ADDRESS = 3
    shop.user(phone="+8613812345678")
    for number in range(3):
        sign_in(f"1381234000{number}", "wrong")

    assert sign_in("13812345678").status_code == 422


def test_right_passwords_count_for_no_limit(settings):
    settings.SIGN_IN_TRIES_PER_ADDRESS = settings.SIGN_IN_TRIES_EVERYWHERE = 3
    shop.user(phone="+8613812345678")
    for _ in range(5):
        assert sign_in("13812345678").status_code == 302
    for number in range(3):
        sign_in(f"1381234000{number}", "wrong")

    assert sign_in("13812345678").status_code == 422, "the control: wrong ones do"

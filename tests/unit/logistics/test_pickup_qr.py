"""The pickup QR: proven by its signature alone, and by nothing that anybody else could write."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from logistics import label_qr, pickup_qr, signing

ORDER = "123456789012"
ALPHANUMERIC = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


def made() -> str:
    return pickup_qr.text_of(ORDER, point_id=17, epoch=3)


def key(seed: bytes, key_id: str) -> str:
    return f"{key_id}:{base64.urlsafe_b64encode(seed).decode()}"


def test_a_qr_says_what_was_signed():
    said = pickup_qr.read(f" {made()}\n")

    assert (said.order_number, said.point_id, said.epoch, said.key_id) == (ORDER, 17, 3, "T1")


def test_two_pictures_of_one_code_can_be_told_apart():
    assert pickup_qr.read(made()).nonce != pickup_qr.read(made()).nonce


def test_it_fits_the_small_alphabet_of_a_qr():
    assert set(made()) <= ALPHANUMERIC
    assert len(made()) < 170


@pytest.mark.parametrize(
    "changed",
    [
        lambda text: text.replace(ORDER, "123456789013"),
        lambda text: text.replace(".17.", ".18."),
        lambda text: text.replace(".3.", ".4."),
        lambda text: text.replace("T1", "T2"),
        lambda text: text.replace("XP2", "XP3"),
        lambda text: text.rpartition(".")[0],
        lambda text: f"{text}A",
        lambda text: f"{text}=",
        lambda text: text.lower(),
        lambda text: text.replace("1", "１"),
        lambda text: "",
        lambda text: "XP2.......",
        lambda text: "http://x",
    ],
)
def test_a_changed_one_proves_nothing(changed):
    with pytest.raises(pickup_qr.UnableToReadQr):
        pickup_qr.read(changed(made()))


@given(st.data())
def test_no_character_of_it_can_be_another(data):
    text = made()
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from(sorted(ALPHANUMERIC - {text[place], " "})))

    with pytest.raises(pickup_qr.UnableToReadQr):
        pickup_qr.read(text[:place] + other + text[place + 1 :])


@given(st.text(max_size=220))
def test_whatever_is_scanned_is_answered(text):
    with pytest.raises(pickup_qr.UnableToReadQr):
        pickup_qr.read(text)


def test_somebody_elses_signature_proves_nothing():
    statement = made().rpartition(".")[0]
    forged = Ed25519PrivateKey.generate().sign(statement.encode())

    with pytest.raises(pickup_qr.UnableToReadQr):
        pickup_qr.read(f"{statement}.{base64.b32encode(forged).decode().rstrip('=')}")


def test_the_newest_key_signs_and_the_older_ones_still_prove(settings):
    old = made()
    settings.PICKUP_KEYS = [key(b"n" * 32, "N1"), *settings.PICKUP_KEYS]

    assert pickup_qr.read(made()).key_id == "N1"
    assert pickup_qr.read(old).key_id == "T1"
    settings.PICKUP_KEYS = settings.PICKUP_KEYS[:1]
    with pytest.raises(pickup_qr.UnableToReadQr):
        pickup_qr.read(old)


def test_the_public_key_proves_it_elsewhere():
    statement, _, signature = made().rpartition(".")
    raw = base64.b32decode(signature + "=" * (-len(signature) % 8))

    Ed25519PublicKey.from_public_bytes(signing.public_keys()["T1"]).verify(raw, statement.encode())


def test_a_label_proves_the_parcels_number_and_nothing_else_does():
    text = label_qr.text_of("1234567890123")

    assert label_qr.read(f"{text}\n") == "1234567890123"
    assert set(text) <= ALPHANUMERIC
    for wrong in ("1234567890123", text.replace("23.", "24."), text[:-1], made(), text.replace("XL1", "XP2")):
        with pytest.raises(label_qr.UnableToReadLabel):
            label_qr.read(wrong)

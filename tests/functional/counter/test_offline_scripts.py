"""The rules that a phone keeps by itself, each asked of its own module in the browser; what the page weighs."""

import base64
import gzip
from io import BytesIO
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.urls import reverse
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Page

from core import numbers
from logistics import codes, label_qr, pickup_qr, signing
from marketplace.counter import offline
from tests.factories.counter import Counter

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MOST_BYTES = 160_000  # over the wire, once; jsQR alone has 58,000
ICON_LIKENESS = 3  # mean difference of a channel, of 255

ASK = """async ([module, name, more]) => {
  const found = await import(`/static/marketplace/js/offline/${module}.js`);
  return Promise.all(more.map((each) => found[name](...each)));
}"""


@pytest.fixture
def page(handset) -> Page:
    return handset().open()


def ask(page: Page, module: str, name: str, *calls: list) -> list:
    """Call a function of a module once for each list of arguments."""
    return page.evaluate(ASK, [module, name, list(calls)])


def keys() -> dict[str, str]:
    return {name: base64.b64encode(raw).decode() for name, raw in signing.public_keys().items()}


def test_the_phone_finds_the_check_digits_that_the_server_writes(page):
    drawn = [numbers.draw(length) for length in (8, 12, 13) for _ in range(20)]
    wrong = [f"{number[:-1]}{(int(number[-1]) + 1) % 10}" for number in drawn]
    swapped = ["".join((n[1], n[0], *n[2:])) for n in drawn if n[0] != n[1]]

    assert ask(page, "digits", "isSound", *([each] for each in drawn)) == [True] * len(drawn)
    assert ask(page, "digits", "isSound", *([each] for each in wrong)) == [False] * len(wrong)
    assert ask(page, "digits", "isSound", *([each] for each in swapped)) == [False] * len(swapped)
    assert ask(page, "digits", "isSound", [""], ["0"], ["12a4"], ["１２"]) == [False] * 4


def test_a_code_is_read_however_it_is_typed(page):
    code = codes.typed_code("123456789012", epoch=1)

    read = ask(page, "digits", "digitsOf", [codes.shown(code)], [f" {code[:4]}-{code[4:]} "], ["４８２"])

    assert read == [code, code, "482"]
    assert ask(page, "digits", "isCode", [code], [code[:-1]]) == [True, False]


def test_a_qr_that_we_signed_is_read_and_no_other(page, settings):
    signed = pickup_qr.text_of("123456789012", point_id=7, epoch=2)
    statement, _, signature = signed.rpartition(".")
    known = keys()
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    forged = [
        signed.replace("123456789012", "123456789013"),
        signed.replace(".7.2.", ".8.2."),
        signed.replace("XP2.", "XL1."),
        signed.replace("T1", "T9"),
        signed.replace("T1", "__proto__"),
        f"{statement}.{signature[:-1]}",
        f"{statement}.{signature[:-1]}{last[last.index(signature[-1]) + 1]}",  # the same bytes written otherwise
        f"{statement}.{'A' * len(signature)}",
        f"{statement}.{signature.lower()}",
        f"{statement}.extra.{signature}",
        "XP2.",
        "",
    ]
    settings.PICKUP_KEYS = ["T1:" + "b3RoZXItdGVzdC1waWNrdXAtc2lnbmluZy1rZXkhISE="]
    other = pickup_qr.text_of("123456789012", point_id=7, epoch=2)

    assert ask(page, "proof", "readPickup", [f" {signed}\n", known]) == [
        {"order": "123456789012", "point": 7, "epoch": 2}
    ]
    assert ask(page, "proof", "readPickup", *([each, known] for each in [*forged, other])) == [None] * (len(forged) + 1)
    assert ask(page, "proof", "readPickup", [other, keys()]) != [None]


def test_a_label_tells_its_parcel(page):
    label = label_qr.text_of("1234567890123")

    assert ask(page, "proof", "readLabel", [label, keys()], [f"{label}A", keys()]) == ["1234567890123", None]
    assert ask(page, "proof", "readPickup", [label, keys()]) == [None]


def test_what_is_sealed_under_a_pin_opens_with_that_pin_salt_and_phone_alone(page, handset):
    seal = """async ([pin, salt, rounds]) => {
      const vault = await import("/static/marketplace/js/offline/vault.js");
      const key = await vault.keyOf(pin, Uint8Array.from(salt), rounds);
      const { iv, data } = await vault.seal({ tail: "2260" }, key);
      return { iv: [...iv], data: [...new Uint8Array(data)] };
    }"""
    unseal = """async ([pin, salt, rounds, { iv, data }]) => {
      const vault = await import("/static/marketplace/js/offline/vault.js");
      const key = await vault.keyOf(pin, Uint8Array.from(salt), rounds);
      const sealed = { iv: Uint8Array.from(iv), data: Uint8Array.from(data).buffer };
      return vault.unseal(sealed, key).catch((error) => error.name);
    }"""
    salt, other_salt, rounds = [1] * 16, [2] * 16, 1000
    sealed = page.evaluate(seal, ["204816", salt, rounds])
    changed = {**sealed, "data": [sealed["data"][0] ^ 1, *sealed["data"][1:]]}

    assert page.evaluate(unseal, ["204816", salt, rounds, sealed]) == {"tail": "2260"}
    for pin, with_salt, with_rounds, what in (
        ("204817", salt, rounds, sealed),
        ("204816", other_salt, rounds, sealed),
        ("204816", salt, rounds + 1, sealed),
        ("204816", salt, rounds, changed),
    ):
        assert page.evaluate(unseal, [pin, with_salt, with_rounds, what]) == "OperationError"
    elsewhere = handset(name="里屋手机").open()
    assert elsewhere.evaluate(unseal, ["204816", salt, rounds, sealed]) == "OperationError"
    assert page.evaluate("import('/static/marketplace/js/offline/vault.js').then((vault) => vault.ROUNDS)") >= 600_000


def test_the_service_worker_keeps_its_own_files_and_drops_those_of_another_version(page):
    page.evaluate("caches.open('counter-old').then((cache) => cache.put('/point/old/', new Response('old')))")
    page.evaluate(
        """async () => {
          const registration = await navigator.serviceWorker.ready;
          await registration.unregister();
        }"""
    )
    page.reload()
    page.wait_for_function(
        "caches.keys().then((names) => names.length === 1 && /^counter-[0-9a-f]{16}$/.test(names[0]))"
    )

    kept = page.evaluate(
        """async () => {
          const [name] = await caches.keys();
          const requests = await (await caches.open(name)).keys();
          return requests.map((each) => each.url.slice(location.origin.length));
        }"""
    )

    home = reverse("counter:offline")
    pages = [home, f"{home}?language=zh-hans", f"{home}?language=en"]
    assert sorted(kept) == sorted([*(static(name) for name in offline.FILES), *pages])


def test_the_page_is_light_enough_for_a_thin_line(counter: Counter):
    sizes = {name: len(gzip.compress(Path(finders.find(name)).read_bytes(), 6)) for name in offline.FILES}
    shell = len(gzip.compress(counter.client().get(reverse("counter:offline")).content, 6))

    total = sum(sizes.values()) + shell

    print(f"shell {shell}, modules {sum(size for name, size in sizes.items() if 'js/offline' in name)}, all {total}")
    assert total < MOST_BYTES, sizes


@pytest.mark.parametrize("size", offline.ICON_SIZES)
def test_the_icons_are_the_mark(page, size):
    mark = Path(finders.find("marketplace/svg/mark.svg")).read_text(encoding="utf-8")
    page.set_viewport_size({"width": size, "height": size})
    page.goto("about:blank")
    page.set_content(f'<body style="margin:0;background:#fff"><div style="width:{size}px">{mark}</div>')
    drawn = Image.open(BytesIO(page.screenshot())).convert("RGB")
    icon = Image.open(finders.find(f"marketplace/img/icon-{size}.png")).convert("RGBA")
    ground = Image.new("RGBA", icon.size, "white")

    difference = ImageChops.difference(Image.alpha_composite(ground, icon).convert("RGB"), drawn)

    assert icon.size == (size, size)
    assert max(ImageStat.Stat(difference).mean) < ICON_LIKENESS

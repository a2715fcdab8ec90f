"""The page that works without network: what is kept on the phone is complete, and is nobody's."""

import json
import re
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.templatetags.static import static
from django.urls import reverse
from whitenoise.storage import CompressedManifestStaticFilesStorage

from marketplace.counter import offline
from marketplace.hashed_files import HashedFiles
from tests.factories.counter import Counter

IMPORT = re.compile(r'^import .*?from "(\..+?)";$', re.MULTILINE)
REFERENCE = re.compile(r'(?:href|src|data-decoder)="(/static/[^"]+)"')


def said(script: str) -> dict:
    """Return what the service worker was told to keep."""
    return json.loads(re.search(r"= (\{.*\});$", script, re.MULTILINE)[1])


def shell(counter: Counter, **query: str) -> str:
    return counter.client().get(reverse("counter:offline"), query).text


def test_the_shell_is_the_same_for_everybody(counter):
    other = counter.client()
    other.get(reverse("counter:index"))

    mine, others = shell(counter), other.get(reverse("counter:offline")).text

    assert mine == others
    for personal in (
        counter.point.name,
        counter.operator.get_full_name(),
        counter.operator.phone,
        "csrfmiddlewaretoken",
    ):
        assert personal not in mine


def test_all_that_the_shell_is_made_of_is_kept(counter, client):
    kept = set(said(client.get(reverse("counter:worker")).text)["files"])

    wanted = set(REFERENCE.findall(shell(counter)))
    icons = {each for each in wanted if re.search(r"favicon|icon-\d+", each)}

    assert wanted - kept == icons  # the browser's own business
    assert static("marketplace/js/offline/app.js") in kept


def test_every_module_that_is_imported_is_kept():
    missing = []
    for name in offline.FILES:
        source = Path(finders.find(name))
        for imported in IMPORT.findall(source.read_text(encoding="utf-8")) if name.endswith(".js") else ():
            parts = (Path("/") / Path(name).parent / imported).parts
            whole: list[str] = []
            for part in parts[1:]:
                whole = whole[:-1] if part == ".." else [*whole, part]
            if "/".join(whole) not in offline.FILES:
                missing.append((name, imported))

    assert missing == []
    on_disk = {f"{offline.MODULES}/{file.name}" for file in Path(finders.find(offline.MODULES)).iterdir()}
    assert on_disk == {name for name in offline.FILES if name.startswith(offline.MODULES)}


def test_a_changed_file_makes_a_new_service_worker(client, monkeypatch, tmp_path):
    before = said(client.get(reverse("counter:worker")).text)["version"]
    found = finders.find
    changed = tmp_path / "words.js"
    changed.write_text("// changed")
    monkeypatch.setattr(
        finders, "find", lambda name, **more: str(changed) if name.endswith("words.js") else found(name, **more)
    )

    after = said(client.get(reverse("counter:worker")).text)["version"]

    assert before != after


def test_the_service_worker_keeps_the_page_in_every_language(counter, client):
    pages = said(client.get(reverse("counter:worker")).text)["pages"]

    assert pages == ["/point/offline/", "/point/offline/?language=zh-hans", "/point/offline/?language=en"]
    assert '<html lang="en">' in shell(counter, language="en")
    assert '<html lang="zh-hans">' in shell(counter, language="zh-hans")
    assert '<html lang="zh-hans">' in shell(counter, language="xx")


def test_the_manifest_opens_the_page_that_works_without_network(client):
    response = client.get(reverse("counter:manifest"))

    assert response["Content-Type"] == "application/manifest+json"
    manifest = response.json()
    assert (manifest["name"], manifest["start_url"], manifest["scope"]) == ("湘品提货台", "/point/offline/", "/point/")
    for icon in manifest["icons"]:
        plain = re.sub(r"\.[0-9a-f]{12}(?=\.png$)", "", icon["src"])  # production's names have a hash
        assert finders.find(plain.removeprefix(settings.STATIC_URL))


def collected(settings, folder: Path, storage: type) -> Path:
    """Collect the static files as a deployment does, and use them from now on."""
    settings.STATIC_ROOT = folder
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": f"{storage.__module__}.{storage.__name__}"},
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    return folder


def imported(folder: Path, kept: list[str]) -> list[str]:
    """Return the addresses that the kept modules import."""
    found = []
    for address in kept:
        file = folder / address.removeprefix(settings.STATIC_URL)
        for name in IMPORT.findall(file.read_text(encoding="utf-8")) if file.suffix == ".js" else ():
            found.append(settings.STATIC_URL + str((file.parent / name).resolve().relative_to(folder.resolve())))
    return found


def test_under_hashed_names_modules_import_what_the_service_worker_keeps(client, settings, tmp_path):
    folder = collected(settings, tmp_path, HashedFiles)

    kept = said(client.get(reverse("counter:worker")).text)["files"]

    assert len(kept) == len(offline.FILES)
    assert all(re.search(r"\.[0-9a-f]{12}\.\w+$", address) for address in kept)
    assert len(imported(folder, kept)) > len(kept) / 2
    assert set(imported(folder, kept)) <= set(kept)


def test_the_storage_without_ours_would_mix_releases(client, settings, tmp_path):
    folder = collected(settings, tmp_path, CompressedManifestStaticFilesStorage)

    kept = said(client.get(reverse("counter:worker")).text)["files"]

    assert not set(imported(folder, kept)) & set(kept)

"""Keeps the message catalogues: ``messages --update``, ``--check``, ``--compile``."""

from pathlib import Path

import django
import oscar
from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import translations


class Command(BaseCommand):
    help = "Add new source strings to the catalogues, check that they are complete, or compile them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--update", action="store_true", help="write the .po files anew from the sources")
        which.add_argument("--check", action="store_true", help="fail where a catalogue is not complete and right")
        which.add_argument("--compile", action="store_true", help="write the .mo files")

    def handle(self, *, update: bool, check: bool, compile: bool, **options: object) -> None:
        if update:
            self._update()
        elif check:
            self._check()
        elif compile:
            self._compile()

    def _update(self) -> None:
        for source in app_sources():
            for message in translations.update(source):
                self.stdout.write(f"{source.name}: to translate: {message.text!r}")
        completed = oscar_source()
        missing = translations.missing_from(oscar_catalogue(), source=completed)
        for message in translations.update(completed, only=missing):
            self.stdout.write(f"oscar: to translate: {message.text!r}")

    def _check(self) -> None:
        completed = oscar_source()
        missing = translations.missing_from(oscar_catalogue(), source=completed)
        wrong = translations.complaints(completed, required=missing)
        ours = app_sources()
        for source in ours:
            wrong += translations.chinese_complaints(source) + translations.complaints(source)
        wrong += translations.conflicts([completed, *ours])
        shown = shown_catalogue()
        for source in ours:
            wrong += translations.shadowed(source, by=shown)
        if wrong:
            raise CommandError("\n".join(wrong))
        self.stdout.write(f"{len(ours) + 1} catalogues are complete.")

    def _compile(self) -> None:
        for source in [*app_sources(), oscar_source()]:
            if source.catalogue.exists():
                translations.compile_catalogue(source.catalogue)


def app_sources() -> list[translations.Source]:
    """The catalogues of the apps in this project's folder, and of the folders above apps that LOCALE_PATHS names."""
    root = Path(settings.BASE_DIR).resolve()
    folders = {config.label: Path(config.path).resolve() for config in apps.get_app_configs()}
    above = [Path(path).resolve().parent for path in settings.LOCALE_PATHS]
    folders |= {folder.name: folder for folder in above if folder != root and folder not in folders.values()}
    return translations.app_sources(
        {
            label: folder
            for label, folder in folders.items()
            if folder.is_relative_to(root) and "site-packages" not in folder.parts
        }
    )


def oscar_source() -> translations.Source:
    """Oscar's own strings, with the catalogue in which we complete its Chinese."""
    return translations.Source(
        name="oscar",
        folder=Path(oscar.__file__).parent,
        catalogue=translations.catalogue_path(Path(settings.BASE_DIR) / "locale"),
    )


def shown_catalogue() -> dict[tuple[str, str], str]:
    """What pages show in Chinese: every catalogue that Django merges, ours as the .po files have them.

    Django reads the apps from the last to the first, then LOCALE_PATHS likewise; who comes later wins.
    """
    apps_last_first = [Path(config.path) / "locale" for config in reversed(list(apps.get_app_configs()))]
    django_own = Path(django.__file__).parent / "conf" / "locale"
    shown: dict[tuple[str, str], str] = {}
    for locale in [django_own, *apps_last_first, *map(Path, reversed(settings.LOCALE_PATHS))]:
        known = translations.read(translations.catalogue_path(locale))
        shown |= {key: each.text for key, each in known.items() if each.text and not each.is_fuzzy}
    return shown


def oscar_catalogue() -> Path:
    return translations.catalogue_path(Path(oscar.__file__).parent / "locale")

"""Static files out of npm packages: only those that pages ask for, not whole packages with sources and maps."""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

FILES = {
    "npm/htmx.org/htmx.min.js": "htmx.org/dist/htmx.min.js",
    "npm/jsqr/jsQR.js": "jsqr/dist/jsQR.js",
    "npm/noble-ed25519/index.js": "@noble/ed25519/index.js",
    "npm/echarts/echarts.simple.min.js": "echarts/dist/echarts.simple.min.js",
}


class NpmFinder(BaseFinder):
    """Finds each of FILES in node_modules under the name that pages use."""

    def check(self, **options) -> list:
        return []

    def find(self, path: str, find_all: bool = False, **options) -> str | list[str]:
        inside = FILES.get(path)
        found = settings.NODE_MODULES / inside if inside else None
        hits = [str(found)] if found and found.is_file() else []
        return hits if find_all else (hits[0] if hits else [])

    def list(self, ignore_patterns: list[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        for name, inside in FILES.items():
            source = settings.NODE_MODULES / inside
            storage = FileSystemStorage(location=source.parent)
            storage.prefix = str(Path(name).parent)
            yield source.name, storage

"""Remembers what was done with which input, so that it is not done again."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path


def digest(*parts: object, files: Iterable[Path] = ()) -> str:
    """One hash over `parts` (anything JSON can write) and over the names and contents of `files`."""
    total = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode())
    for file in sorted(files):
        total.update(str(file.name).encode() + b"\0" + file.read_bytes() + b"\0")
    return total.hexdigest()


def is_fresh(stamp: Path, value: str) -> bool:
    return stamp.is_file() and stamp.read_text(encoding="ascii").strip() == value


def put(stamp: Path, value: str) -> None:
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(value + "\n", encoding="ascii")

"""Walks our own files: never the environment, the packages, the data or git's store."""

import os
from collections.abc import Iterator
from pathlib import Path

NOT_OURS = {"node_modules", "var", "static_root", "__pycache__"}


def our_files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in NOT_OURS and not name.startswith("."))
        for name in sorted(names):
            yield Path(folder, name)


def migrations(root: Path) -> list[Path]:
    return [file for file in our_files(root) if file.suffix == ".py" and file.parent.name == "migrations"]


def catalogues(root: Path) -> list[Path]:
    return [file for file in our_files(root) if file.suffix == ".po"]

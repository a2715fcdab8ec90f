"""import-linter sees imports; this sees apps that are named in a string: get_model, get_class and their kin."""

import ast
from collections.abc import Iterator
from pathlib import Path

from support import tree

# Folder to height; neither of two folders of one height may name the other.
HEIGHTS = {"core": 0, "villages": 1, "logistics": 2, "catalogue": 2, "marketplace": 3, "config": 4}
# App labels that do not lie in a folder of their own name. Oscar's other apps belong to the marketplace.
LABELS = {"shipping": "logistics"}
FRAMEWORK = {"auth", "contenttypes", "sessions", "sites", "messages", "staticfiles", "django", "treebeard", "oscar"}
CALLS = {
    "get_model",
    "get_class",
    "get_classes",
    "get_app_config",
    "import_string",
    "import_module",
    "is_installed",
    "__import__",
}


def upward_names(root: Path) -> list[str]:
    """A sentence for each call that names an app above, or beside, the folder that its file lies in."""
    return [
        f"{file.relative_to(root)}:{line}: {call}({name!r}) names an app of {home_of(name)}, not below {here}"
        for here in HEIGHTS
        if (root / here).is_dir()
        for file in tree.our_files(root / here)
        if file.suffix == ".py"
        for line, call, name in _named_apps(file)
        if _is_upward(here, name)
    ]


def home_of(name: str) -> str | None:
    """The folder that an app's label or dotted path belongs to; None for the framework's and for other packages."""
    first = name.split(".")[0]
    if name.startswith("oscar.apps."):
        first = name.split(".")[2]
    first = LABELS.get(first, first)
    if first in HEIGHTS:
        return first
    return "marketplace" if first in _marketplace_labels() else None


def _marketplace_labels() -> set[str]:
    oscar = {"address", "analytics", "basket", "checkout", "communication", "customer", "dashboard", "offer", "order"}
    oscar |= {"partner", "payment", "search", "voucher", "wishlists"}
    ours = {"users", "settlement", "statistics", "selling", "counter", "network", "pavilions", "storefront"}
    return oscar | ours


def _is_upward(here: str, name: str) -> bool:
    home = home_of(name)
    return home is not None and home != here and HEIGHTS[home] >= HEIGHTS[here]


def _named_apps(file: Path) -> Iterator[tuple[int, str, str]]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        call = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0]
        if call in CALLS and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield node.lineno, call, first.value

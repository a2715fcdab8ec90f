from pathlib import Path

import pytest
from support import environment, layers


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for folder in layers.HEIGHTS:
        (tmp_path / folder).mkdir()
    return tmp_path


def _complaints(project: Path, folder: str, code: str) -> list[str]:
    (project / folder / "words.py").write_text(code, encoding="utf-8")
    return layers.upward_names(project)


def test_no_app_of_the_project_names_one_above():
    assert layers.upward_names(environment.ROOT) == []


@pytest.mark.parametrize(
    ("folder", "code"),
    [
        ("core", 'get_model("villages", "Point")'),
        ("villages", 'apps.get_model("logistics.Parcel")'),
        ("logistics", 'get_model("order", "Order")'),
        ("logistics", 'get_class("catalogue.models", "Product")'),
        ("catalogue", 'get_class("shipping.repository", "Repository")'),
        ("catalogue", 'get_classes("oscar.apps.partner.strategy", ["Selector"])'),
        ("catalogue", 'import_string("marketplace.partner.models.Seller")'),
        ("marketplace", 'import_module("config.env")'),
    ],
)
def test_naming_an_app_above_or_beside_is_refused(project, folder, code):
    [complaint] = _complaints(project, folder, code)

    assert complaint.startswith(f"{folder}/words.py:1: ")


@pytest.mark.parametrize(
    ("folder", "code"),
    [
        ("villages", 'apps.get_model("core", "Event")'),
        ("logistics", 'get_class("shipping.methods", "Free")'),
        ("marketplace", 'get_model("catalogue", "Product")'),
        ("marketplace", 'get_class("order.utils", "OrderCreator")'),
        ("core", 'apps.get_model("contenttypes", "ContentType")'),
        ("core", 'import_module("json")'),
        ("core", "get_model(label, name)"),
        ("logistics", 'models.ForeignKey("order.Order", on_delete=PROTECT)'),
    ],
)
def test_naming_an_app_below_or_by_a_foreign_key_is_allowed(project, folder, code):
    assert _complaints(project, folder, code) == []

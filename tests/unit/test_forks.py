"""What is forked of Oscar is what Oscar then uses, and its migrations are Oscar's own with ours after them."""

import hashlib
import importlib
import inspect
import re
from collections import Counter
from pathlib import Path

import oscar
import pytest
from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.questioner import NonInteractiveMigrationQuestioner
from django.db.migrations.state import ProjectState
from django.utils import translation
from oscar.core.application import OscarConfig
from oscar.core.loading import get_class, get_model

from config.settings.base import BASE_DIR

OSCAR = Path(oscar.__file__).parent
FORKS = {
    "oscar": "marketplace.apps.Shop",
    "basket": "marketplace.basket.apps.BasketConfig",
    "catalogue": "catalogue.apps.CatalogueConfig",
    "checkout": "marketplace.checkout.apps.CheckoutConfig",
    "communication": "marketplace.communication.apps.CommunicationConfig",
    "customer": "marketplace.customer.apps.CustomerConfig",
    "dashboard": "marketplace.dashboard.apps.DashboardConfig",
    "order": "marketplace.order.apps.OrderConfig",
    "partner": "marketplace.partner.apps.PartnerConfig",
    "payment": "marketplace.payment.apps.PaymentConfig",
    "shipping": "logistics.shipping.apps.ShippingConfig",
}
MODELS = {
    ("basket", "Basket"),
    ("catalogue", "Product"),
    ("catalogue", "ProductImage"),
    ("order", "Line"),
    ("order", "Order"),
    ("order", "OrderLineDiscount"),
    ("partner", "Partner"),
    ("partner", "StockRecord"),
}
CLASSES = {("basket.middleware", "BasketMiddleware")}


@pytest.fixture(scope="module")
def loader() -> MigrationLoader:
    return MigrationLoader(None)


def ours(label: str) -> bool:
    """Tell whether an app's code lies in this project."""
    return BASE_DIR in Path(apps.get_app_config(label).path).parents and ".venv" not in apps.get_app_config(label).path


def core_package(label: str) -> str:
    return f"oscar.apps.{label}"


def migrations(loader: MigrationLoader, label: str) -> dict[str, Path]:
    """Return name → file of an app's migrations."""
    return {
        name: Path(inspect.getfile(type(migration)))
        for (app, name), migration in loader.disk_migrations.items()
        if app == label
    }


def written_by_us(loader: MigrationLoader) -> list:
    """Return the migrations that are not copies of Oscar's."""
    return [
        migration
        for (label, name), migration in sorted(loader.disk_migrations.items())
        if ours(label) and not (label in FORKS and name < "1")
    ]


@pytest.mark.parametrize("label", sorted(FORKS))
def test_a_fork_is_the_one_in_the_registry(label):
    config = apps.get_app_config(label)
    assert f"{type(config).__module__}.{type(config).__name__}" == FORKS[label]
    assert any(base.__module__.startswith("oscar") for base in type(config).__mro__[1:])


def test_every_fork_is_in_the_table():
    forked = {config.label for config in apps.get_app_configs() if isinstance(config, OscarConfig)}
    assert {label for label in forked if not type(apps.get_app_config(label)).__module__.startswith("oscar.")} == set(
        FORKS
    )


def test_labels_are_unique():
    labels = [config.label for config in apps.get_app_configs()]
    assert [label for label, count in Counter(labels).items() if count > 1] == []


@pytest.mark.parametrize(("label", "name"), sorted(MODELS))
def test_oscar_uses_our_model(label, name):
    model = get_model(label, name)
    base = getattr(importlib.import_module(f"{core_package(label)}.abstract_models"), f"Abstract{name}")
    assert model.__module__ == f"{apps.get_app_config(label).name}.models"
    assert issubclass(model, base)


@pytest.mark.parametrize(("module", "name"), sorted(CLASSES))
def test_oscar_uses_our_class(module, name):
    label, _, rest = module.partition(".")
    found = get_class(module, name)
    assert found.__module__ == f"{apps.get_app_config(label).name}.{rest}"
    assert issubclass(found, getattr(importlib.import_module(f"{core_package(label)}.{rest}"), name))


def test_every_overriding_class_is_in_the_tables():
    models, classes = set(), set()
    for label in FORKS.keys() - {"oscar"}:
        config = apps.get_app_config(label)
        abstract = OSCAR / "apps" / label / "abstract_models.py"
        for file in Path(config.path).rglob("*.py"):
            rest = ".".join(file.relative_to(config.path).with_suffix("").parts)
            core_file = (OSCAR / "apps" / label / file.relative_to(config.path)).exists()
            if "migrations" in file.parts or file.stem in ("__init__", "apps") or not core_file:
                continue
            module = importlib.import_module(f"{config.name}.{rest}")
            core = importlib.import_module(f"{core_package(label)}.{rest}")
            for name, found in inspect.getmembers(module, inspect.isclass):
                if found.__module__ != module.__name__:
                    continue
                if rest == "models" and abstract.exists() and f"class Abstract{name}(" in abstract.read_text():
                    models.add((label, name))
                elif rest != "models" and hasattr(core, name):
                    classes.add((f"{label}.{rest}", name))
    assert (models, classes) == (MODELS, CLASSES)


def test_the_user_is_ours():
    assert get_model("users", "User").__module__ == "marketplace.users.models"


@pytest.mark.parametrize("label", sorted(FORKS.keys() - {"oscar"}))
def test_oscars_migrations_are_copied_to_the_byte_and_ours_come_after(label, loader):
    folder = OSCAR / "apps" / label / "migrations"
    core = {file.stem: digest(file) for file in folder.glob("[0-9]*.py")} if folder.exists() else {}
    found = migrations(loader, label)
    copied = {name: digest(file) for name, file in found.items() if name in core}
    own = sorted(name for name in found if name not in core)

    assert copied == core
    assert [name[:4] for name in own] == [str(1001 + number) for number in range(len(own))]


def test_a_changed_copy_would_be_found(tmp_path):
    file = OSCAR / "apps" / "order" / "migrations" / "0001_initial.py"
    changed = tmp_path / file.name
    changed.write_bytes(file.read_bytes() + b"\n")
    assert digest(changed) != digest(file)


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_our_migrations_are_named_and_numbered_once(loader):
    numbers = Counter((label, name[:4]) for label, name in loader.disk_migrations if ours(label))
    assert [key for key, count in numbers.items() if count > 1] == []
    for migration in written_by_us(loader):
        assert re.fullmatch(r"\d{4}_[a-z][a-z_]+", migration.name), migration
        assert "_auto_" not in migration.name, migration


def test_the_graph_is_whole_and_has_one_leaf_for_each_app(loader):
    loader.graph.validate_consistency()
    leaves = Counter(label for label, _name in loader.graph.leaf_nodes())
    assert [label for label, count in leaves.items() if count > 1] == []
    assert loader.detect_conflicts() == {}


def test_no_migration_is_missing(loader):
    assert _changes(loader, ProjectState.from_apps(apps)) == {}


def test_a_missing_migration_would_be_found(loader):
    wanted = ProjectState.from_apps(apps)
    wanted.remove_field("users", "user", "phone")
    assert set(_changes(loader, wanted)) == {"users"}


def _changes(loader: MigrationLoader, wanted: ProjectState) -> dict:
    with translation.override(None):  # names are written into migrations as they stand in the sources
        detector = MigrationAutodetector(loader.project_state(), wanted, NonInteractiveMigrationQuestioner())
        return detector.changes(graph=loader.graph)


def test_what_we_wrote_can_be_taken_back(loader):
    found = written_by_us(loader)
    assert len(found) > 10
    assert [
        (migration, operation) for migration in found for operation in migration.operations if not operation.reversible
    ] == []

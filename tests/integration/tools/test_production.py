import base64
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """What a deployment sets, and nothing of this run's own."""
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "DATA_DIR": str(tmp_path),
        "SECRET_KEY": secrets.token_urlsafe(64),
        "FIELD_KEYS": Fernet.generate_key().decode(),
        "HASH_KEY": secrets.token_urlsafe(48),
        "PICKUP_KEYS": f"K1:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}",
        "DATABASE_URL": "postgres://shop@localhost/shop",
        "CELERY_BROKER_URL": "redis://localhost/0",
        "CACHE_URL": "redis://localhost/1",
        "ALLOWED_HOSTS": "shop.example.cn",
    }


def _manage(*words: str, env: dict[str, str]) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", *words], env=env, cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_production_settings_pass_djangos_own_deployment_checks(variables):
    checked = _manage("check", "--deploy", "--fail-level", "WARNING", env=variables)

    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_deployment_checks_would_refuse_a_weak_key(variables):
    checked = _manage("check", "--deploy", "--fail-level", "WARNING", env={**variables, "SECRET_KEY": "weak"})

    assert checked.returncode == 1
    assert "security.W009" in checked.stderr


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "FIELD_KEYS", "HASH_KEY", "PICKUP_KEYS", "DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL"]
)
def test_production_does_not_start_without(variables, name):
    without = {key: value for key, value in variables.items() if key != name}

    for refused in (_manage("check", env=without), _manage("check", env=without | {name: ""})):
        assert refused.returncode != 0
        assert name in refused.stderr


@pytest.mark.parametrize("command", ["load_demo", "load_history", "advance_demo", "demo_accounts"])
def test_production_refuses_the_demonstrations_commands(variables, command):
    refused = _manage(command, env=variables)

    assert refused.returncode != 0
    assert "Error" in refused.stderr.splitlines()[-1]
    assert "Traceback" not in refused.stderr


def test_production_rehearses_no_payments(variables):
    said = "from marketplace.payment import providers; print(repr(providers.configured()))"

    told = _manage("shell", "--no-imports", "-c", said, env=variables)

    assert (told.returncode, told.stdout.strip()) == (0, "''")

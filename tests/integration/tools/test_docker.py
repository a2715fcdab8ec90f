import copy
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from config import env
from tests.integration.tools import deployment

ROOT = Path(__file__).resolve().parents[3]
DOCKER = ROOT / "docker"
# Of the image itself, of Compose, and of the roles' start scripts: read by no settings.
NOT_OF_SETTINGS = {
    *("PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "DJANGO_SETTINGS_MODULE"),
    *("POSTGRES_PASSWORD", "HTTP_PORT", "WEB_WORKERS", "WEB_THREADS", "WORKER_CONCURRENCY"),
}


@pytest.fixture
def compose() -> dict:
    return copy.deepcopy(yaml.safe_load((DOCKER / "compose.yaml").read_text()))


@pytest.fixture
def dockerfile() -> str:
    return (DOCKER / "Dockerfile").read_text()


def _dockerfile_complaints(text: str) -> list[str]:
    ignored = (ROOT / ".dockerignore").read_text().split()
    instructions = deployment.dockerfile_instructions(text)
    return list(deployment.dockerfile_complaints(instructions, context=ROOT, ignored=ignored))


def _example_names() -> set[str]:
    return set(re.findall(r"^([A-Z_]+)=", (DOCKER / "env.example").read_text(), re.MULTILINE))


def test_the_compose_file_is_whole(compose):
    assert list(deployment.compose_complaints(compose, folder=DOCKER)) == []


def test_every_part_of_the_system_is_a_service(compose):
    assert set(compose["services"]) == {
        *("postgres", "redis", "elasticsearch", "migrate", "web", "worker", "beat", "nginx"),
    }


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda it: it["services"]["web"]["depends_on"].update(nowhere={"condition": "service_healthy"}), "nowhere"),
        (lambda it: it["services"]["redis"].pop("healthcheck"), "no health check"),
        (lambda it: it["services"]["migrate"].update(restart="always"), "started again"),
        (lambda it: it["volumes"].pop("media"), "volume media is not declared"),
        (lambda it: it["networks"].pop("inside"), "network inside is not declared"),
        (lambda it: it["services"]["nginx"]["volumes"].append("./missing.conf:/x"), "missing.conf"),
        (lambda it: it["services"]["postgres"].pop("image"), "neither image nor build"),
        (lambda it: it["services"]["beat"].update(comand=["beat"]), "no such key: comand"),
        (lambda it: it["services"]["web"]["build"].update(dockerfile="docker/Other"), "no Dockerfile"),
    ],
)
def test_a_spoilt_compose_file_is_refused(compose, spoil, complaint):
    spoil(compose)

    assert any(complaint in each for each in deployment.compose_complaints(compose, folder=DOCKER))


def test_only_nginx_is_reached_from_outside(compose):
    assert [name for name, service in compose["services"].items() if service.get("ports")] == ["nginx"]


def test_our_services_are_given_only_variables_that_the_project_reads(compose):
    ours = [service for service in compose["services"].values() if "build" in service]

    given = {name for service in ours for name in service["environment"]}

    assert given - set(env.names()) == set()


def test_the_example_names_only_variables_that_somebody_reads():
    assert _example_names() - set(env.names()) - NOT_OF_SETTINGS == set()


def test_the_example_and_compose_give_all_that_production_requires(compose):
    required = set(re.findall(r'env\.required\("(\w+)"\)', (ROOT / "config/settings/production.py").read_text()))

    given = _example_names() | set(compose["services"]["web"]["environment"])

    assert required
    assert required - given == set()


def test_each_interpolated_variable_is_in_the_example():
    wanted = set(re.findall(r"(?<!\$)\$\{(\w+)", (DOCKER / "compose.yaml").read_text()))

    assert wanted
    assert wanted - _example_names() == set()


def test_the_dockerfile_is_whole(dockerfile):
    assert _dockerfile_complaints(dockerfile) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("COPY core ./core", "COPY cores ./core", "copies cores, which is not there"),
        ("COPY core ./core", "COPY tests ./tests", ".dockerignore keeps back"),
        ("--from=builder", "--from=bilder", "no earlier stage"),
        ("USER shop", "USER root", "runs as root"),
        ("HEALTHCHECK", "HEALTH", "no such instruction: HEALTH"),
    ],
)
def test_a_spoilt_dockerfile_is_refused(dockerfile, old, new, complaint):
    spoilt = dockerfile.replace(old, new, 1)

    assert any(complaint in each for each in _dockerfile_complaints(spoilt))


def test_the_image_sets_only_variables_that_somebody_reads(dockerfile):
    names = deployment.environment_names(deployment.dockerfile_instructions(dockerfile))

    assert {"DATA_DIR", "STATIC_ROOT"} <= names
    assert names - set(env.names()) - {*NOT_OF_SETTINGS, "PIP_NO_CACHE_DIR", "PIP_DISABLE_PIP_VERSION_CHECK"} == set()


def test_the_image_holds_every_package_of_the_project(dockerfile):
    copied = {each.words[0] for each in deployment.dockerfile_instructions(dockerfile) if each.name == "COPY"}
    packages = {file.parent.name for file in ROOT.glob("*/__init__.py")} - {"tests", "bench"}

    assert packages
    assert packages - copied == set()


def test_the_start_script_is_a_script_and_knows_each_role(compose):
    script = (DOCKER / "entrypoint.sh").read_text()
    roles = {service["command"][0] for service in compose["services"].values() if "build" in service}

    subprocess.run(["sh", "-n", DOCKER / "entrypoint.sh"], check=True)

    assert roles - set(re.findall(r"^  (\w+)\)$", script, re.MULTILINE)) == set()


def test_the_proxys_configuration_is_whole():
    assert list(deployment.nginx_complaints((DOCKER / "nginx.conf").read_text())) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("sendfile on;", "sendfile on", "not ended by a semicolon"),
        ("http {", "http", "not ended by a semicolon"),
        ("upstream shop {", "upstream shops {", "proxy_pass to shop"),
        ("worker_processes auto;", "worker_processes auto;;", "ends nothing"),
    ],
)
def test_a_spoilt_proxy_configuration_is_refused(old, new, complaint):
    spoilt = (DOCKER / "nginx.conf").read_text().replace(old, new, 1)

    said = list(deployment.nginx_complaints(spoilt))

    assert any(re.search(complaint, each) for each in said)

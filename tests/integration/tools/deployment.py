"""Reads what lies in docker/ and says what is wrong in it, without an engine to try it on."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
SERVICE_KEYS = {
    *("build", "command", "depends_on", "entrypoint", "env_file", "environment", "expose", "healthcheck", "image"),
    *("networks", "ports", "restart", "user", "volumes", "working_dir"),
}
INSTRUCTIONS = {
    *("FROM", "RUN", "CMD", "EXPOSE", "ENV", "COPY", "ENTRYPOINT", "VOLUME", "USER", "WORKDIR", "ARG", "HEALTHCHECK"),
    *("LABEL", "STOPSIGNAL", "SHELL"),
}


def compose_complaints(compose: dict, *, folder: Path, built_image_is_checked: bool = True) -> Iterator[str]:
    """What Compose would refuse, or would leave waiting for ever, in a parsed compose file that lies in `folder`."""
    services = compose.get("services") or {}
    for name, service in services.items():
        for key in set(service) - SERVICE_KEYS:
            yield f"{name}: no such key: {key}"
        if not ("image" in service or "build" in service):
            yield f"{name}: neither image nor build"
        if "build" in service:
            yield from _build_complaints(name, service["build"], folder)
        for other, wanted in (service.get("depends_on") or {}).items():
            if other not in services:
                yield f"{name}: depends on {other}, which is not there"
            elif wanted.get("condition") not in CONDITIONS:
                yield f"{name}: unknown condition {wanted.get('condition')}"
            elif wanted["condition"] == "service_healthy" and not _is_checked(services[other], built_image_is_checked):
                yield f"{name}: waits for the health of {other}, which has no health check"
            elif wanted["condition"] == "service_completed_successfully" and services[other].get("restart") != "no":
                yield f"{name}: waits for the end of {other}, which is started again"
        for volume in service.get("volumes") or ():
            source = str(volume).split(":")[0]
            if source.startswith((".", "/")):
                if not (folder / source).exists():
                    yield f"{name}: mounts {source}, which is not there"
            elif source not in (compose.get("volumes") or {}):
                yield f"{name}: volume {source} is not declared"
        for network in service.get("networks") or ():
            if network not in (compose.get("networks") or {}):
                yield f"{name}: network {network} is not declared"


def _is_checked(service: dict, built_image_is_checked: bool) -> bool:
    check = service.get("healthcheck")
    if check is None:
        return "build" in service and built_image_is_checked
    return bool(check.get("test")) and not check.get("disable")


def _build_complaints(name: str, build: dict, folder: Path) -> Iterator[str]:
    context = folder / build["context"]
    if not (context / build["dockerfile"]).is_file():
        yield f"{name}: no Dockerfile at {build['dockerfile']}"


@dataclass(frozen=True)
class Instruction:
    name: str
    words: tuple[str, ...]
    flags: tuple[str, ...]
    text: str


def dockerfile_instructions(text: str) -> list[Instruction]:
    """The instructions of a Dockerfile: comments dropped, continued lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    found = []
    for line in filter(str.strip, joined.splitlines()):
        name, _blank, rest = line.strip().partition(" ")
        words = shlex.split(rest.replace("[", " ").replace("]", " ").replace('",', '" '))
        flags = tuple(word for word in words if word.startswith("--"))
        found.append(Instruction(name, tuple(word for word in words if word not in flags), flags, rest.strip()))
    return found


def dockerfile_complaints(instructions: list[Instruction], *, context: Path, ignored: list[str]) -> Iterator[str]:
    """What a build would refuse: unknown instructions and stages, sources that are not sent; and a root user."""
    stages: list[str] = []
    user = "root"
    for each in instructions:
        if each.name not in INSTRUCTIONS:
            yield f"no such instruction: {each.name}"
        elif each.name == "FROM":
            stages.append(each.words[-1])
            user = "root"
        elif each.name == "USER":
            user = each.words[0]
        elif each.name == "COPY":
            yield from _copy_complaints(each, stages[:-1], context, ignored)
    if not instructions or instructions[0].name != "FROM":
        yield "does not begin with FROM"
    if user in {"root", "0"}:
        yield "runs as root"
    if not any(each.name == "HEALTHCHECK" for each in instructions):
        yield "has no health check"


def _copy_complaints(each: Instruction, stages: list[str], context: Path, ignored: list[str]) -> Iterator[str]:
    source_stage = [flag.removeprefix("--from=") for flag in each.flags if flag.startswith("--from=")]
    if source_stage:
        if source_stage[0] not in stages:
            yield f"copies from {source_stage[0]}, which is no earlier stage"
        return
    for source in each.words[:-1]:
        if not (context / source).exists():
            yield f"copies {source}, which is not there"
        elif is_ignored(source, ignored):
            yield f"copies {source}, which .dockerignore keeps back"


def is_ignored(path: str, patterns: list[str]) -> bool:
    """The last pattern that fits a path, or a folder above it, decides; one that begins with ! lets it in."""
    ignored = False
    for pattern in patterns:
        bare = pattern.removeprefix("!")
        parts = Path(path).parts
        if any(fnmatch("/".join(parts[:depth]), bare) for depth in range(1, len(parts) + 1)):
            ignored = not pattern.startswith("!")
    return ignored


def environment_names(instructions: list[Instruction]) -> set[str]:
    return {word.partition("=")[0] for each in instructions if each.name == "ENV" for word in each.words}


def nginx_complaints(text: str) -> Iterator[str]:
    """Unbalanced braces, statements without an end, and upstreams that nobody declares."""
    code = re.sub(r"#.*", "", text)
    for line in filter(str.strip, code.splitlines()):
        if not line.rstrip().endswith((";", "{", "}")):
            yield f"not ended by a semicolon: {line.strip()}"
    tokens = re.findall(r"'[^']*'|\"[^\"]*\"|[{};]|[^\s{};'\"]+", code)
    depth = 0
    statement: list[str] = []
    upstreams, wanted = set(), set()
    for token in tokens:
        if token == "{":
            depth += 1
            if statement[:1] == ["upstream"]:
                upstreams.add(statement[1])
            statement = []
        elif token == "}":
            depth -= 1
            statement = []
            if depth < 0:
                yield "a closing brace too many"
        elif token == ";":
            if not statement:
                yield "a semicolon that ends nothing"
            if statement[:1] == ["proxy_pass"]:
                wanted.add(re.sub(r"^https?://([^/:]+).*", r"\1", statement[1]))
            statement = []
        else:
            statement.append(token)
    if statement:
        yield f"not ended: {' '.join(statement)}"
    if depth > 0:
        yield "a closing brace too few"
    for name in wanted - upstreams:
        yield f"proxy_pass to {name}, which is not declared"

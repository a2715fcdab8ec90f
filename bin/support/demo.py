"""What bin/demo does: set up, fill, start, wait for the first answer, load the history behind it, stop cleanly."""

import argparse
import contextlib
import fcntl
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from subprocess import Popen

from support import environment, ports, processes, stamps, tree
from support.screen import Progress, complain, say

PORT = 8000
FIRST_ANSWER_WITHIN = 90.0  # seconds
LOOK_EVERY = 0.5  # seconds
LOCK = "demo.lock"


class Crashed(Exception):
    """A part of the running shop ended by itself."""


def main(words: Sequence[str]) -> int:
    options = _options(words)
    processes.stop_on_signals()
    try:
        with _alone():
            if options.reset:
                reset()
            prepare()
            return serve(port=options.port, with_history=not options.no_history)
    except processes.Stopped:
        say("▸ 已停止")
        return 0
    except (Crashed, environment.UnableToSetUp, processes.UnableToRun) as error:
        complain(f"✗ {error}")
        return 1


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/demo", description="在本机启动湘品网上行：建环境、装数据、开网站和后台任务。"
    )
    parser.add_argument("--reset", action="store_true", help="删除 var/ 里的全部数据，从头开始")
    parser.add_argument("--no-history", action="store_true", help="不装入 24 个月的历史订单")
    parser.add_argument(
        "--port", type=int, default=int(os.environ.get("PORT", PORT)), help="网站端口，默认 $PORT 或 8000"
    )
    return parser.parse_args(words)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One demo per data folder: two workers on one SQLite file and one local broker would fight."""
    folder = environment.data_dir()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise environment.UnableToSetUp(f"另一个 bin/demo 正在使用 {folder}") from error
        yield


def reset() -> None:
    folder = environment.data_dir()
    say(f"▸ 清空 {folder}")
    for entry in folder.iterdir():
        if entry.name == LOCK:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _env() -> dict[str, str]:
    settings = os.environ.get("DJANGO_SETTINGS_MODULE", "config.settings.embedded")
    return environment.variables(DJANGO_SETTINGS_MODULE=settings)


def _log(name: str) -> Path:
    file = environment.data_dir() / "log" / f"{name}.log"
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def prepare() -> None:
    """Bring the environment, the database and the demonstration's data up to date; quick where they are."""
    environment.set_up("requirements.txt")
    _once("migrated", "升级数据库", ["migrate"], files=tree.migrations(environment.ROOT))
    _once("loaded", "装入演示数据", ["load_demo"], files=_demo_sources(), pause=0.3)


def _demo_sources() -> list[Path]:
    return [
        file
        for file in tree.our_files(environment.ROOT)
        if "data" in file.relative_to(environment.ROOT).parts[:-1]
        or file.name in {"load_demo.py", "package-lock.json", "requirements.txt"}
        or file.parent.name == "migrations"
    ]


def _stamp(name: str) -> Path:
    return environment.data_dir() / "stamps" / name


def _value(files: Sequence[Path]) -> str:
    """Changes with `files`, with the database that is named, and when the SQLite file is another one."""
    databases = [(file.name, file.stat().st_ino) for file in sorted(environment.data_dir().glob("*.sqlite3"))]
    return stamps.digest(os.environ.get("DATABASE_URL", ""), databases, files=files)


def _once(name: str, what: str, words: list[str], *, files: Sequence[Path], pause: float = 3.0) -> None:
    if stamps.is_fresh(_stamp(name), _value(files)):
        return
    say(f"▸ {what}")
    progress = Progress(pause=pause)
    processes.run(
        environment.manage(*words), env=_env(), each_line=progress.note, log=_log("setup"), cwd=environment.ROOT
    )
    progress.flush()
    stamps.put(_stamp(name), _value(files))


def serve(*, port: int, with_history: bool) -> int:
    """Run web and worker until somebody stops us; raises Crashed when one of them ends by itself."""
    running: dict[str, Popen] = {}
    port = ports.first_free_port(port)
    os.environ.setdefault("SITE_URL", f"http://127.0.0.1:{port}")  # which links in messages begin with
    try:
        running["网站"] = _begin("web", _web(port))
        running["后台任务"] = _begin("worker", _worker())
        say("▸ 等待网站应答")
        wait_for_answer(f"http://127.0.0.1:{port}/", running)
        _welcome(port)
        history = None
        if with_history and not stamps.is_fresh(_stamp("history"), _value([])):
            say("▸ 网站已可使用；同时装入 24 个月的历史订单")
            history = _begin("history", environment.manage("load_history"))
        _watch(running, history)
        return 0
    except processes.Stopped:
        say("\n▸ 正在停止…")
        raise
    finally:
        processes.stop(*running.values())


def _web(port: int) -> list[str | Path]:
    return [
        *(environment.python(), "-m", "gunicorn", "config.wsgi:application"),
        *("--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4", "--worker-class", "gthread"),
        *("--graceful-timeout", "5", "--access-logfile", "-", "--worker-tmp-dir", _worker_tmp_dir()),
    ]


def _worker_tmp_dir() -> str:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else str(environment.data_dir())


def _worker() -> list[str | Path]:
    schedule = environment.data_dir() / "celery" / "beat"
    schedule.parent.mkdir(parents=True, exist_ok=True)
    return [
        *(environment.python(), "-m", "celery", "--app", "config", "worker", "--beat", "--schedule", schedule),
        *("--concurrency", "1", "--loglevel", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]


def _begin(log: str, command: Sequence[str | Path]) -> Popen:
    if _log(log).exists():
        _log(log).replace(_log(f"{log}.before"))  # what the last run said is often what one looks for
    with _log(log).open("wb") as output:
        return processes.start(command, env=_env(), output=output, cwd=environment.ROOT)


def wait_for_answer(address: str, running: dict[str, Popen]) -> None:
    end = time.monotonic() + FIRST_ANSWER_WITHIN
    while True:
        _raise_if_crashed(running)
        try:
            with urllib.request.urlopen(address, timeout=30):
                return
        except urllib.error.HTTPError as error:
            raise Crashed(f"网站首页应答 {error.code}，见 {_log('web')}") from error
        except OSError as error:
            if time.monotonic() > end:
                raise Crashed(f"网站 {FIRST_ANSWER_WITHIN:.0f} 秒内没有应答，见 {_log('web')}") from error
        time.sleep(0.2)


def _welcome(port: int) -> None:
    say()
    say(f"  湘品网上行   http://127.0.0.1:{port}/")
    say()
    accounts = processes.run(environment.manage("demo_accounts"), env=_env(), cwd=environment.ROOT)
    for line in accounts.splitlines():
        say(f"  {line}")
    say()
    say("  下单后，让时间往前走、看货在路上：.venv/bin/python manage.py advance_demo")
    say(f"  日志在 {_log('web').parent}；按 Ctrl-C 停止")
    say()


def _raise_if_crashed(running: dict[str, Popen]) -> None:
    for name, process in running.items():
        if process.poll() is not None:
            raise Crashed(f"{name}意外结束（退出码 {process.returncode}），见 {environment.data_dir() / 'log'}")


def _watch(running: dict[str, Popen], history: Popen | None) -> None:
    """Until stopped: tell of the history's progress, notice a crash."""
    if history is not None:
        running["历史订单"] = history
    progress = Progress(pause=5.0)
    with _log("history").open(encoding="utf-8", errors="replace") if history else contextlib.nullcontext() as lines:
        while True:
            for line in lines or ():
                progress.note(line)
            if history is not None and history.poll() == 0:
                progress.flush()
                say("▸ 历史订单已装完")
                stamps.put(_stamp("history"), _value([]))
                del running["历史订单"]
                history = None
            _raise_if_crashed(running)
            time.sleep(LOOK_EVERY)

"""Child processes, each the leader of its own group, so that whatever it starts ends with it."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1


class UnableToRun(Exception):
    """A command ended with an error; the message names it and quotes the end of what it said, `said` holds it all."""

    def __init__(self, message: str, *, said: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.said = said


class Stopped(BaseException):
    """The person (Ctrl-C) or the machine (SIGTERM, SIGHUP) asked us to end."""


def stop_on_signals() -> None:
    def stop(number: int, _frame: object) -> None:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)  # the way out is not to be interrupted in its turn
        raise Stopped(signal.Signals(number).name)

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, stop)


def _end_with_parent() -> None:
    """In the child, before it becomes the program: let Linux end it should we be killed outright."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    output: int | object = None,
    cwd: Path | None = None,
    user: int | None = None,
    group: int | None = None,
) -> subprocess.Popen:
    account = {} if user is None else {"user": user, "group": group, "extra_groups": []}
    return subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=None if env is None else dict(env),
        cwd=cwd,
        start_new_session=True,
        preexec_fn=_end_with_parent,
        **account,
    )


def _signal_group(process: subprocess.Popen, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def stop(*processes: subprocess.Popen, patience: float = 10.0, number: int = signal.SIGTERM) -> None:
    """Ask each to end, wait `patience` seconds for all of them together, then kill the groups that are left."""
    for process in processes:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)
    end = time.monotonic() + patience
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=max(0.0, end - time.monotonic()))
    for process in processes:
        _signal_group(process, signal.SIGKILL)
        process.wait()


def run(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    each_line: Callable[[str], None] | None = None,
    log: Path | None = None,
    **where: object,
) -> str:
    """Run to the end and give back what it said; raises UnableToRun where it fails. When we are stopped, so is it."""
    said: list[str] = []
    process = start(command, env=env, output=subprocess.PIPE, **where)
    try:
        with contextlib.ExitStack() as files:
            files.enter_context(process.stdout)
            copy = None
            if log is not None:
                log.parent.mkdir(parents=True, exist_ok=True)
                copy = files.enter_context(log.open("a", encoding="utf-8"))
            for raw in process.stdout:
                line = raw.decode("utf-8", "replace").rstrip()
                said.append(line)
                if copy is not None:
                    copy.write(line + "\n")
                if each_line is not None:
                    each_line(line)
        process.wait()
    except BaseException:
        stop(process)
        raise
    if process.returncode:
        words = " ".join(str(word) for word in command)
        raise UnableToRun("\n".join([f"{words} → {process.returncode}", *said[-25:]]), said=said)
    return "\n".join(said)

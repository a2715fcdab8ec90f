"""What bin/bench does: runs the modules of bench/ (each has a `main`), one after the other."""

import argparse
from collections.abc import Sequence

from support import environment, processes, services
from support.screen import complain, say

FOLDER = environment.ROOT / "bench"


def main(words: Sequence[str]) -> int:
    options, rest = _options(words)
    processes.stop_on_signals()
    try:
        environment.set_up("requirements-dev.txt")
        names = options.names or available()
        unknown = sorted(set(names) - set(available()))
        if unknown or not names:
            raise environment.UnableToSetUp(
                f"没有这项测量：{' '.join(unknown) or 'bench/'}；有：{' '.join(available())}"
            )
        with services.running(with_chromium=False) as found:
            return max(_measure(name, rest, found) for name in names)
    except processes.Stopped:
        return 130
    except (environment.UnableToSetUp, processes.UnableToRun, services.UnableToServe) as error:
        complain(f"✗ {error}")
        return 1


def _options(words: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        prog="bin/bench", description="跑 bench/ 里的测量，在真正的 PostgreSQL 和 Redis 上。-- 之后的参数交给测量。"
    )
    parser.add_argument("names", nargs="*", help="测量的名字；不写就全部")
    words = list(words)
    rest = words[words.index("--") + 1 :] if "--" in words else []
    return parser.parse_args(words[: words.index("--")] if "--" in words else words), rest


def available() -> list[str]:
    """The measurements there are: modules of bench/ whose names do not begin with an underscore."""
    return sorted(file.stem for file in FOLDER.glob("*.py") if not file.stem.startswith("_"))


def _measure(name: str, words: Sequence[str], found: dict[str, str]) -> int:
    say(f"▸ {name}")
    process = processes.start(
        [environment.python(), "-c", f"import sys; from bench import {name}; sys.exit({name}.main())", *words],
        env=environment.variables(**found),
        cwd=environment.ROOT,
    )
    try:
        return process.wait()
    except BaseException:
        processes.stop(process)
        raise

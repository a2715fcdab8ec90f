"""What bin/check does: every check that needs no server, all of them even after one fails."""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass

from support import environment, layers, processes
from support.screen import complain, say


@dataclass(frozen=True)
class Step:
    title: str
    words: tuple[str, ...]


def _manage(*words: str) -> tuple[str, ...]:
    return ("python", "manage.py", *words)


STEPS = (
    Step(
        "ruff check",
        ("ruff", "check", "--output-format", "concise", ".", "bin/demo", "bin/test", "bin/check", "bin/bench"),
    ),
    Step("ruff format", ("ruff", "format", "--check", ".", "bin/demo", "bin/test", "bin/check", "bin/bench")),
    Step("import-linter", ("lint-imports", "--no-cache")),
    Step("layers by name", ()),
    Step("djlint", ("djlint", "--lint", "--quiet", "marketplace", "catalogue", "logistics", "villages", "core")),
    Step("manage.py check", _manage("check", "--fail-level", "WARNING")),
    Step("migrations", _manage("makemigrations", "--check", "--dry-run")),
    Step("translations", _manage("messages", "--check")),
    Step("policies", _manage("check_policies")),
)


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="bin/check", description="检查代码、分层、模板、迁移、译文和访问策略。")
    parser.add_argument("only", nargs="*", help="只做名字里含有这些字的步骤")
    only = parser.parse_args(words).only
    processes.stop_on_signals()
    try:
        environment.set_up("requirements-dev.txt")
        steps = [step for step in STEPS if not only or any(word in step.title for word in only)]
        failed = [step.title for step in steps if not _passes(step)]
    except processes.Stopped:
        return 130
    except (environment.UnableToSetUp, processes.UnableToRun) as error:
        complain(f"✗ {error}")
        return 1
    say(
        f"\n{len(steps) - len(failed)} checks passed, {len(failed)} failed"
        + "".join(f"\n  ✗ {each}" for each in failed)
    )
    return int(bool(failed) or not steps)


def _passes(step: Step) -> bool:
    began = time.monotonic()
    try:
        if step.words:
            processes.run(step.words, env=environment.variables(), cwd=environment.ROOT)
        else:
            _refuse_upward_names()
        error = None
    except processes.UnableToRun as caught:
        error = caught
    say(f"{'✗' if error else '✓'} {step.title}  {time.monotonic() - began:.1f} s")
    for line in error.said if error else ():
        say(f"    {line}")
    return error is None


def _refuse_upward_names() -> None:
    wrong = layers.upward_names(environment.ROOT)
    if wrong:
        raise processes.UnableToRun("layers by name", said=wrong)

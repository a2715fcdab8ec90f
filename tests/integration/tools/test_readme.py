import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from config import env

README = (Path(__file__).resolve().parents[3] / "README.md").read_text(encoding="utf-8")


def test_every_variable_is_listed_once_as_it_is_declared():
    declared = [f"| `{each.name}` | {each.default or '—'} | {each.purpose} |" for each in env.VARIABLES]

    listed = re.findall(r"^\| `[A-Z_]+` \| .*$", README, re.MULTILINE)

    assert listed == declared


@pytest.mark.parametrize("program", ["demo", "test", "check", "bench"])
def test_every_program_is_told_of(program):
    assert f"bin/{program}" in README


def test_every_management_command_that_is_told_of_exists():
    told = set(re.findall(r"manage\.py (\w+)", README))

    assert told
    assert told - set(get_commands()) == set()

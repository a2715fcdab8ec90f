import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support import environment, ports, processes, stamps, testing

STUBBORN = (
    "import os, signal, subprocess, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "print(child.pid, flush=True)\n"
    "time.sleep(60)\n"
)


def _is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _wait_until(condition: object, *, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


@pytest.fixture
def stubborn() -> Iterator[tuple[subprocess.Popen, int]]:
    process = processes.start([sys.executable, "-c", STUBBORN], output=subprocess.PIPE)
    yield process, int(process.stdout.readline())
    processes.stop(process, patience=0.1)
    process.stdout.close()


def test_stopping_ends_a_process_that_will_not_and_what_it_started(stubborn):
    process, grandchild = stubborn

    processes.stop(process, patience=0.3)

    assert process.returncode == -signal.SIGKILL
    assert _wait_until(lambda: not _is_alive(grandchild))


def test_ending_the_leader_alone_would_leave_what_it_started(stubborn):
    process, grandchild = stubborn

    process.kill()
    process.wait()

    assert _is_alive(grandchild)


def test_a_failed_command_is_told_with_the_end_of_what_it_said():
    command = [sys.executable, "-c", "print('all is lost'); raise SystemExit(3)"]

    with pytest.raises(processes.UnableToRun, match=r"→ 3\nall is lost"):
        processes.run(command)


def test_a_command_gives_back_and_logs_what_it_said(tmp_path):
    said = processes.run([sys.executable, "-c", "print('湘品')"], log=tmp_path / "log" / "x.log")

    assert said == "湘品"
    assert (tmp_path / "log" / "x.log").read_text(encoding="utf-8") == "湘品\n"


def test_children_end_when_their_parent_is_killed_outright(tmp_path):
    parent = (
        "import sys, time; sys.path.insert(0, sys.argv[1]); from support import processes\n"
        "print(processes.start([sys.executable, '-c', 'import time; time.sleep(60)']).pid, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", parent, str(environment.ROOT / "bin")], stdout=subprocess.PIPE, text=True
    )
    child = int(process.stdout.readline())

    process.kill()
    process.wait()
    process.stdout.close()

    assert _wait_until(lambda: not _is_alive(child))


def test_the_next_free_port_is_taken_where_the_wanted_one_is_not():
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        wanted = taken.getsockname()[1]

        assert ports.first_free_port(wanted) > wanted


def test_a_stamp_is_fresh_until_an_input_changes(tmp_path):
    source = tmp_path / "requirements.txt"
    source.write_text("django")
    stamps.put(tmp_path / "stamps" / "one", stamps.digest("3.11", files=[source]))

    assert stamps.is_fresh(tmp_path / "stamps" / "one", stamps.digest("3.11", files=[source]))

    source.write_text("django==5")

    assert not stamps.is_fresh(tmp_path / "stamps" / "one", stamps.digest("3.11", files=[source]))
    assert not stamps.is_fresh(tmp_path / "stamps" / "one", stamps.digest("3.12", files=[]))


def test_an_included_requirements_file_counts_as_part_of_the_one_that_names_it(tmp_path):
    (tmp_path / "requirements-dev.txt").write_text("-r requirements.txt\npytest==1  # because\n")

    assert environment._included(tmp_path / "requirements-dev.txt") == [tmp_path / "requirements.txt"]


def test_the_count_tells_passed_failed_and_skipped_apart(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text(
        "<testsuites><testsuite><testcase/><testcase/><testcase><failure/></testcase>"
        "<testcase><error/></testcase><testcase><skipped/></testcase></testsuite></testsuites>"
    )

    assert testing.count(report) == {"passed": 2, "failed": 2, "skipped": 1}
    assert testing.count(tmp_path / "missing.xml") == {}


@pytest.mark.parametrize("name", ["demo", "test", "check", "bench"])
def test_a_program_explains_itself_without_the_environment(name):
    program = environment.ROOT / "bin" / name

    said = subprocess.run(
        [sys.executable, "-S", program, "--help"], check=True, capture_output=True, text=True, cwd=Path("/")
    )

    assert f"bin/{name}" in said.stdout
    assert os.access(program, os.X_OK)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-fallback.txt"])
def test_every_requirement_is_pinned_and_has_its_reason(name):
    lines = (environment.ROOT / name).read_text(encoding="utf-8").splitlines()
    requirements = [line for line in lines if line and not line.startswith(("#", "-r"))]

    assert requirements
    assert [line for line in requirements if "==" not in line or not line.partition("# ")[2]] == []

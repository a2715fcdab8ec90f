"""What the person at the terminal reads: one short line for each thing done."""

import sys
import time

for _stream in (sys.stdout, sys.stderr):
    if hasattr(_stream, "reconfigure"):
        _stream.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)


def say(text: str = "") -> None:
    print(text, flush=True)


def complain(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Progress:
    """Passes on at most one line in every `pause` seconds, so that a log or a slow terminal is not flooded."""

    def __init__(self, *, pause: float = 2.0, indent: str = "    ") -> None:
        self.pause = pause
        self.indent = indent
        self.said_at = 0.0
        self.waiting: str | None = None

    def note(self, line: str) -> None:
        self.waiting = line.strip() or self.waiting
        if time.monotonic() - self.said_at >= self.pause:
            self.flush()

    def flush(self) -> None:
        if self.waiting:
            say(self.indent + self.waiting)
        self.waiting = None
        self.said_at = time.monotonic()

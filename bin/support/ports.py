"""Free TCP ports on the loopback address."""

import socket
from contextlib import closing


def is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def first_free_port(wanted: int, *, tries: int = 100) -> int:
    """`wanted`, or the nearest free port above it."""
    for port in range(wanted, min(wanted + tries, 65536)):
        if is_free(port):
            return port
    raise OSError(f"no free port from {wanted} on")

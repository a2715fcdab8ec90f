"""Gateways over HTTP on this machine: one that answers as it is told, one that accepts and never answers."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Gateway(BaseHTTPRequestHandler):
    """A gateway that keeps what it was sent, and answers as it is told."""

    status, kept = 200, []

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).kept.append((self.headers["Idempotency-Key"], self.headers["Authorization"], body))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *args):
        pass


@contextmanager
def answering(status: int = 200) -> Iterator[tuple[str, type[Gateway]]]:
    """Run a gateway; give its address and what to tell it by."""
    handler = type("Told", (Gateway,), {"status": status, "kept": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", handler
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def silent() -> Iterator[tuple[str, list[socket.socket]]]:
    """Run a gateway that accepts and never answers; give its address and the connections that it took."""
    taken: list[socket.socket] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            taken.append(connection)

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/", taken
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for connection in taken:
            connection.close()

"""Unit tests open no connection; the cache's own server is let through where settings put the cache there."""

import socket
from urllib.parse import urlsplit

import pytest
from django.conf import settings


@pytest.fixture(autouse=True)
def _no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect
    cache = urlsplit(str(settings.CACHES["default"].get("LOCATION", "")))

    def guarded(self: socket.socket, address: object) -> None:
        if not isinstance(address, tuple) or address[1] != cache.port:
            raise ConnectionRefusedError(f"a unit test tried to connect to {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)

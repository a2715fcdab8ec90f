"""A Stripe over HTTP on this machine that remembers: payments that its buyer pays or not, refunds, and bad moods."""

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass
class Stripe:
    """What the server knows, and how it answers.

    :param mood: ``answer``; ``lose``: it does what is asked and hangs up without a word; ``fail``: a 500 and nothing
        done; ``refuse``: a 400 and nothing done.
    """

    url: str = ""
    mood: str = "answer"
    refund_status: str = "succeeded"
    intents: dict[str, dict] = field(default_factory=dict)
    refunds: list[dict] = field(default_factory=list)
    by_key: dict[str, dict] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def only(self) -> dict:
        """Return the one payment that was opened."""
        (intent,) = self.intents.values()
        return intent

    def pay(self) -> None:
        """Let the buyer pay what is open."""
        for intent in self.intents.values():
            if intent["status"] == "requires_action":
                intent |= {"status": "succeeded", "amount_received": intent["amount"]}

    def calls(self, part: str) -> list[tuple[str, str, str]]:
        """Return what was asked, as (method, path, idempotency key), where the path holds a part."""
        return [call for call in self.asked if part in call[1]]

    def answer(self, method: str, path: str, said: dict[str, str], key: str) -> tuple[int, dict]:
        self.asked.append((method, path, key))
        if self.mood == "fail":
            return 500, {"error": {"type": "api_error"}}
        if self.mood == "refuse":
            return 400, {"error": {"type": "invalid_request_error", "code": "amount_too_small"}}
        if key and key in self.by_key:
            return 200, self.by_key[key]
        status, found = self._do(method, path.strip("/").split("/")[1:], said)
        if key and status == 200:
            self.by_key[key] = found
        return status, found

    def _do(self, method: str, parts: list[str], said: dict[str, str]) -> tuple[int, dict]:
        if parts == ["refunds"] and method == "GET":
            mine = [each for each in self.refunds if each["payment_intent"] == said["payment_intent"]]
            return 200, {"object": "list", "data": mine, "has_more": False, "url": "/v1/refunds"}
        if parts == ["refunds"]:
            made = {
                "id": f"re_{next(self.numbers)}",
                "object": "refund",
                "status": self.refund_status,
                "amount": int(said["amount"]),
                "payment_intent": said["payment_intent"],
                "metadata": {"key": said["metadata[key]"]},
            }
            self.refunds.append(made)
            return 200, made
        if parts == ["payment_intents"]:
            made = {
                "id": f"pi_{next(self.numbers)}",
                "object": "payment_intent",
                "status": "requires_action",
                "amount": int(said["amount"]),
                "amount_received": 0,
                "currency": said["currency"],
                "next_action": {
                    "type": "wechat_pay_display_qr_code",
                    "wechat_pay_display_qr_code": {"data": "weixin://wxpay/bizpayurl?pr=AbCd1234"},
                },
            }
            self.intents[made["id"]] = made
            return 200, made
        intent = self.intents.get(parts[1])
        if intent is None:
            return 404, {"error": {"type": "invalid_request_error", "code": "resource_missing"}}
        if parts[2:] == ["cancel"]:
            if intent["status"] == "succeeded":
                return 400, {"error": {"type": "invalid_request_error", "code": "payment_intent_unexpected_state"}}
            intent["status"] = "canceled"
        return 200, intent


@contextmanager
def running() -> Iterator[Stripe]:
    """Run one."""
    stripe, lock = Stripe(), threading.Lock()

    class Requests(BaseHTTPRequestHandler):
        def do_GET(self):
            self._told(urlsplit(self.path).query)

        def do_POST(self):
            self._told(self.rfile.read(int(self.headers["Content-Length"] or 0)).decode())

        def _told(self, text: str) -> None:
            said = {name: values[0] for name, values in parse_qs(text).items()}
            key = self.headers["Idempotency-Key"] or "" if self.command == "POST" else ""
            with lock:
                status, body = stripe.answer(self.command, urlsplit(self.path).path, said, key)
                sent = json.dumps(body).encode()
            if stripe.mood == "lose":
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
    stripe.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield stripe
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

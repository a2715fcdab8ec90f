"""The broker on folders: many writers, an impatient reader, and no message half read."""

import threading

from celery import Celery
from kombu import Connection, Queue

from config import celery as ours

COUNT = 150


def test_filesystem_means_our_transport(tmp_path):
    with connection(tmp_path) as broker:
        assert type(broker.transport).__module__ == "core.broker"
    assert isinstance(ours.app, Celery)


def test_an_impatient_reader_never_sees_half_a_message(tmp_path):
    (tmp_path / "messages").mkdir()
    got: list[int] = []
    done = threading.Event()
    broken: list[Exception] = []

    def read() -> None:
        with connection(tmp_path) as broker:
            queue = Queue("q")(broker.default_channel)
            queue.declare()
            while len(got) < 2 * COUNT and not done.is_set():
                try:
                    message = queue.get(no_ack=True)
                except Exception as error:  # noqa: BLE001 - whatever a half-written message makes of the reader
                    broken.append(error)
                    return
                if message is not None:
                    got.append(message.payload["n"])

    def write(start: int) -> None:
        with connection(tmp_path) as broker:
            producer = broker.Producer(serializer="json")
            for n in range(start, start + COUNT):
                producer.publish({"n": n, "padding": "x" * 20_000}, routing_key="q", declare=[Queue("q")])

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(start,)) for start in (0, COUNT)]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    reader.join(timeout=30)
    done.set()
    reader.join()

    assert broken == []
    assert sorted(got) == list(range(2 * COUNT))


def connection(tmp_path) -> Connection:
    folder = str(tmp_path / "messages")
    (tmp_path / "messages").mkdir(exist_ok=True)
    (tmp_path / "control").mkdir(exist_ok=True)
    options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": str(tmp_path / "control")}
    return Connection("filesystem://", transport_options=options)

import contextlib
import errno
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from waitress.wasyncore import close_all

from simple_db.glance import connections
from simple_db.glance.connections import Connection, Threads, bounded_server

pytestmark = pytest.mark.glance

PATIENCE = 30
THREADS = 2
LARGE = 32 * 2**20


class Running:
    """A server on loopback with a small application, and clients that misbehave."""

    def __init__(self, listener: socket.socket) -> None:
        self.address = listener.getsockname()[:2]
        self.server = bounded_server(self._answer, listener, THREADS)
        self.go_on = threading.Event()
        self._clients = contextlib.ExitStack()
        self._thread = threading.Thread(target=self.server.run)
        self._thread.start()

    def _answer(self, environ: Any, start_response: Any) -> Any:
        environ["wsgi.input"].read()
        start_response("200 OK", [])
        if environ["PATH_INFO"] == "/large":
            return (bytes(2**16) for _ in range(LARGE // 2**16))
        if environ["PATH_INFO"] == "/slow":
            self.go_on.wait(PATIENCE)
        return [b"here"]

    def connected(self, sends: bytes = b"") -> socket.socket:
        """Return a connection on which so much was sent."""
        client = self._clients.enter_context(socket.create_connection(self.address, PATIENCE))
        client.sendall(sends)
        return client

    def asked(self, path: str = "/") -> bytes:
        """Return the answer to a request of a client that behaves."""
        url = "http://{}:{}".format(*self.address)
        with urllib.request.urlopen(url + path, timeout=PATIENCE) as answer:  # noqa: S310 - http
            content: bytes = answer.read()
        return content

    def close(self) -> None:
        self.go_on.set()
        self._clients.close()
        self.server.task_dispatcher.shutdown()
        # Without an entry in its map the loop ends.
        self.server.trigger.pull_trigger(lambda: close_all(self.server._map))  # noqa: SLF001 - there is no other
        self._thread.join()


@pytest.fixture
def running() -> Iterator[Running]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Running(listener)
        yield server
        server.close()


def is_closed(client: socket.socket) -> bool:
    """Tell whether the other end is closed, once what it sent is read."""
    try:
        while client.recv(2**16):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True


def shorten(monkeypatch: pytest.MonkeyPatch, **seconds: float) -> None:
    for name, value in seconds.items():
        monkeypatch.setattr(connections, name, value)


GET = b"GET / HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    "sends",
    [b"", b"GET", GET, GET + b"\r\n", b"PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf"],
    ids=["nothing", "half a line", "half the headers", "a request, then nothing", "half a body"],
)
def test_more_silent_connections_than_there_may_be_keep_nobody_out(
    running: Running, sends: bytes
) -> None:
    silent = [running.connected(sends) for _ in range(connections.MOST_CONNECTIONS + 50)]

    assert [running.asked() for _ in range(3)] == [b"here"] * 3
    assert len(running.server.active_channels) <= connections.MOST_CONNECTIONS
    assert is_closed(silent[0])


def send_a_byte(client: socket.socket) -> None:
    client.send(b"z")


def ask(client: socket.socket) -> None:
    client.send(GET + b"\r\n")


def read_a_little(client: socket.socket) -> None:
    client.recv(2**12)


@pytest.mark.parametrize(
    ("sends", "drip"),
    [
        (b"PUT / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n", send_a_byte),
        (b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n", send_a_byte),
        (GET + b"A: ", send_a_byte),
        (b"", ask),
        (b"GET /large HTTP/1.0\r\n\r\n", read_a_little),
    ],
    ids=["a body", "a chunk", "a header", "small requests", "reading"],
)
def test_connections_on_which_little_moves_keep_nobody_out(
    running: Running, sends: bytes, drip: Callable[[socket.socket], None]
) -> None:
    with dripping(running, sends, drip):
        assert [running.asked() for _ in range(3)] == [b"here"] * 3


def test_an_upload_goes_on_while_slower_ones_make_room(running: Running) -> None:
    parts = 40
    head = b"PUT / HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % (parts * 2**16)
    sends = b"PUT / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n"
    with dripping(running, sends, send_a_byte) as slow:
        before = len(slow)
        uploading = running.connected(head)
        for _ in range(parts):
            running.connected(sends)
            uploading.sendall(bytes(2**16))
            time.sleep(0.1)
        assert len(slow) < before
    assert b"".join(received(uploading)).endswith(b"here")


def test_many_downloads_that_nobody_reads_keep_nobody_out(running: Running) -> None:
    unread = [running.connected(b"GET /large HTTP/1.0\r\n\r\n") for _ in range(20)]
    assert [running.asked() for _ in range(3)] == [b"here"] * 3
    # They have not been given up: a reader that comes late has all of it.
    assert sum(map(len, iter(lambda: unread[0].recv(2**16), b""))) > LARGE


def test_more_downloads_that_nobody_reads_than_connections_keep_nobody_out(
    running: Running,
) -> None:
    for _ in range(connections.MOST_CONNECTIONS + 20):
        running.connected(b"GET /large HTTP/1.0\r\n\r\n")
    assert running.asked() == b"here"


def test_a_thread_that_waits_for_a_reader_is_replaced_for_as_long(running: Running) -> None:
    def working() -> int:
        threads: Threads = running.server.task_dispatcher
        return len(threads.threads) - int(threads.stop_count)

    client = running.connected(b"GET /large HTTP/1.0\r\n\r\n")
    eventually(lambda: working() == THREADS + 1)
    assert is_closed(client)
    eventually(lambda: working() == THREADS)


def test_a_download_that_nobody_reads_ends_in_time(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten(monkeypatch, SILENT_SECONDS=0.5)
    client = running.connected(b"GET /large HTTP/1.0\r\n\r\n")
    eventually(lambda: running.server.active_channels)

    eventually(lambda: not running.server.active_channels)
    assert sum(map(len, received(client))) < LARGE


def test_an_idle_connection_and_half_a_body_end_in_time(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten(monkeypatch, SILENT_SECONDS=0.5)
    clients = [
        running.connected(),
        running.connected(GET + b"\r\n"),
        running.connected(b"PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf"),
    ]
    assert all(map(is_closed, clients))


def test_headers_that_drip_end_in_time(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    shorten(monkeypatch, HEADER_SECONDS=0.5)
    client = running.connected(GET)

    def drip() -> bool:
        try:
            client.sendall(b"A: b\r\n")
        except ConnectionError:
            return True
        return False

    eventually(drip)


def test_a_client_that_waits_for_a_slow_answer_is_not_closed(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten(monkeypatch, SILENT_SECONDS=0.2, HEADER_SECONDS=0.2)
    client = running.connected(b"GET /slow HTTP/1.0\r\n\r\n")
    time.sleep(2.5)
    running.go_on.set()

    assert b"".join(received(client)).endswith(b"here")


def test_a_body_for_which_there_is_no_room_is_507_in_a_line(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("waitress.receiver.FixedStreamReceiver.received", full)
    client = running.connected(b"PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf")

    answer = b"".join(received(client))
    assert answer.startswith(b"HTTP/1.1 507 Insufficient Storage\r\n")
    assert b"No space left on device" in answer
    assert running.asked() == b"here"


def test_another_failure_to_take_a_body_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("waitress.channel.HTTPChannel.received", fail)
    connection = Connection.__new__(Connection)
    with pytest.raises(OSError, match="Input/output"):
        connection.received(b"x")


def test_threads_that_have_ended_are_not_replaced() -> None:
    threads = Threads(2)
    with threads.one_more():
        assert len(threads.threads) == 3
        threads.shutdown()
    assert not threads.threads


DRIPPING = connections.MOST_CONNECTIONS + 10


@contextlib.contextmanager
def dripping(
    running: Running, sends: bytes, drip: Callable[[socket.socket], None]
) -> Iterator[list[socket.socket]]:
    """Have more connections than there may be, each of which does a little now and then.

    Gives those that are not closed.
    """
    still = [running.connected(sends) for _ in range(DRIPPING)]
    ended = threading.Event()

    def go_on() -> None:
        while not ended.wait(0.3):
            for client in list(still):
                try:
                    drip(client)
                except BlockingIOError:
                    pass
                except OSError:
                    still.remove(client)

    for client in still:
        client.setblocking(False)
    thread = threading.Thread(target=go_on)
    thread.start()
    time.sleep(1.5)
    try:
        yield still
    finally:
        ended.set()
        thread.join()


def received(client: socket.socket) -> Iterator[bytes]:
    with contextlib.suppress(ConnectionError):
        while part := client.recv(2**16):
            yield part


def eventually(wished: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not wished():
        assert time.monotonic() < deadline
        time.sleep(0.02)

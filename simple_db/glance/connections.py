"""Limits of a server's connections, so that no client blocks the others.

Waitress limits the number of connections and their idle time, but can still be blocked: a
connection that sends a byte now and then is never idle, and an answer that its client does not read
occupies a thread. Therefore

- at most `MOST_CONNECTIONS` are open; for the next one, the one that has been silent for longest is
  closed, or, if none is silent, the slowest one;
- the line and the headers of a request must arrive within `HEADER_SECONDS`;
- a connection without traffic for `SILENT_SECONDS` is closed, unless the server works on a request;
- while `MOST_UNREAD` bytes of an answer wait to be read, another thread takes over.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from simple_db.installed import extras

try:
    from waitress.adjustments import Adjustments
    from waitress.channel import HTTPChannel
    from waitress.server import TcpWSGIServer
    from waitress.task import ThreadedTaskDispatcher
    from waitress.utilities import Error
except ModuleNotFoundError as error:
    raise extras.absent(__name__, "server", error) from None

from simple_db.glance.full_disk import DISK_FULL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from wsgiref.types import WSGIApplication

MOST_CONNECTIONS = 200
HEADER_SECONDS = 20
SILENT_SECONDS = 60
MOST_UNREAD = 2**20
"""Bytes of an answer that wait for their reader, in memory."""

# Waitress counts two entries of its own: the listening socket, and the one that wakes the loop.
# And a new connection is accepted before another one is closed for it.
_UNCOUNTED = 3

# By default waitress refuses bodies from 1 GiB on; images may be larger.
_MAX_BODY_BYTES = sys.maxsize

# A connection is at least this old when it is closed for another one.
_GRACE_SECONDS = 1

# The speed of a connection is measured over about this time, and anew after a pause.
_MEASURED_SECONDS = 5

# How long a slow reader is waited for before a thread is started, which takes longer.
_BRIEFLY = 0.1


class Threads(ThreadedTaskDispatcher):
    """The threads that answer requests: `count` of them, and one more for each that is blocked."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._at_work = count
        self._waiting = 0
        self._stopped = False
        self._waiting_lock = threading.Lock()
        self.set_thread_count(count)

    @contextlib.contextmanager
    def one_more(self) -> Iterator[None]:
        """Have one more thread, in place of the one that waits."""
        self._wait(1)
        try:
            yield
        finally:
            self._wait(-1)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """End all threads, and start none any more; see the base class."""
        with self._waiting_lock:
            self._stopped = True
        stopped: bool = super().shutdown(cancel_pending, timeout)
        return stopped

    def _wait(self, by: int) -> None:
        with self._waiting_lock:
            self._waiting += by
            if not self._stopped:
                self.set_thread_count(self._at_work + self._waiting)


class Connection(HTTPChannel):
    """A connection, which knows its speed and when its time is over."""

    request: Any
    requests: list[Any]
    _begun = 0.0
    _moved = 0.0
    _measured_from = 0.0
    _moved_at = 0.0

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send as much as the client takes, and return the number of bytes."""
        sent: int = super().send(data, do_close)
        if sent:
            self._measure(sent)
        return sent

    def received(self, data: bytes) -> bool:
        """Take what the client has sent; answer 507 if the disk is full."""
        self._measure(len(data))
        if self.request is None:
            self._begun = time.time()
        try:
            taken: bool = super().received(data)
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            self._refuse(_DiskFullError(f"The request is not stored: {error.strerror}."))
            return True
        return taken

    def is_overdue(self, now: float) -> bool:
        """Return whether the client's time to send, or to read, is over."""
        in_headers = self.request is not None and not self.request.headers_finished
        if in_headers and now - self._begun > HEADER_SECONDS:
            return True
        return self.waits_for_client() and now - self.last_activity > SILENT_SECONDS

    def waits_for_client(self) -> bool:
        """Return whether the client is the next to act: to send a request, or to read an answer."""
        return not self.requests or self.total_outbufs_len > 0

    def speed(self, now: float) -> float:
        """Return how many bytes per second are sent and received."""
        return self._moved / max(now - self._measured_from, _GRACE_SECONDS)

    def _measure(self, moved: int) -> None:
        now = time.time()
        if now - self._moved_at > _GRACE_SECONDS:
            self._moved, self._measured_from = 0, now
        elif now - self._measured_from > _MEASURED_SECONDS:
            # Halve both: the speed stays the same, and new bytes count more.
            self._moved, self._measured_from = self._moved / 2, (self._measured_from + now) / 2
        self._moved, self._moved_at = self._moved + moved, now

    def cut(self) -> None:
        """Let the loop close the connection, whether or not its client reads the rest.

        Not here: the loop still uses the descriptor, which must not become another connection's.
        """
        self.will_close = True
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def _refuse(self, error: Error) -> None:
        with self.requests_lock:
            refused, self.request = self.request, None
            refused.error, refused.completed = error, True
            self.requests.append(refused)
            if len(self.requests) == 1:
                self.server.add_task(self)

    def _flush_outbufs_below_high_watermark(self) -> None:
        """Wait until the client has read enough, or is gone."""
        if self._is_read():
            return
        with self.outbuf_lock:
            self.server.pull_trigger()
            if not self.outbuf_lock.wait_for(self._is_read, _BRIEFLY):
                with self.server.task_dispatcher.one_more():
                    self.outbuf_lock.wait_for(self._is_read)

    def _is_read(self) -> bool:
        return not self.connected or self.total_outbufs_len < self.adj.outbuf_high_watermark


class Server(TcpWSGIServer):
    """A server whose connections are bounded."""

    channel_class = Connection

    def readable(self) -> bool:
        """Return whether one more connection is accepted; called before each poll()."""
        if len(self.active_channels) >= MOST_CONNECTIONS:
            self._close_one()
        taken: bool = super().readable()
        return taken

    def maintenance(self, now: float) -> None:
        """Close the connections whose time is over."""
        for connection in list(self.active_channels.values()):
            if connection.is_overdue(now):
                connection.cut()

    def _close_one(self) -> None:
        """Close a connection that waits for its client: a silent one, or else the slowest."""
        now = time.time()
        waiting = [
            each
            for each in self.active_channels.values()
            if each.waits_for_client() and now - each.creation_time > _GRACE_SECONDS
        ]
        longest = min(waiting, key=lambda each: each.last_activity, default=None)
        if longest is None:
            return
        if now - longest.last_activity > _GRACE_SECONDS:
            longest.cut()
        elif len(self.active_channels) > MOST_CONNECTIONS:  # there is a new one
            min(waiting, key=lambda each: each.speed(now)).cut()


class _DiskFullError(Error):
    code = 507
    reason = "Insufficient Storage"


def bounded_server(app: WSGIApplication, listener: socket.socket, threads: int) -> Any:
    """Return a server, to be run, that answers `threads` requests at the same time."""
    adjustments = Adjustments(
        sockets=[listener],
        threads=threads,
        connection_limit=MOST_CONNECTIONS + _UNCOUNTED,
        cleanup_interval=1,
        channel_timeout=SILENT_SECONDS,
        outbuf_high_watermark=MOST_UNREAD,
        # Above this, waitress writes the answer to a temporary file.
        outbuf_overflow=2 * MOST_UNREAD,
        # select() takes no descriptor from 1024 on.
        asyncore_use_poll=True,
        max_request_body_size=_MAX_BODY_BYTES,
        ident=None,
    )
    address = (listener.family, listener.type, listener.proto, listener.getsockname())
    return Server(
        app,
        map={},
        _sock=listener,
        dispatcher=Threads(threads),
        adj=adjustments,
        bind_socket=False,
        sockinfo=address,
    )

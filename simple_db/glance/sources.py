"""What the server fetches for its callers: nothing from itself, nothing from no certain host.

Glance looks at each URL when it is asked to import from it, and resolves and checks its host once
more when it connects, after redirects too; the connection goes to an address that was checked. Our
check is in that same place, and once more where the connection is made: Glance reads the host and
port of a URL in one way to check them, and Python's library in another to connect.
"""

from __future__ import annotations

import contextlib
import logging
import re
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

from glance.common import utils
from glance.common.scripts import utils as downloads

from simple_db.glance.addresses import is_of_this_machine, is_unspecified, plain_address
from simple_db.glance.pinned_downloads import pinned_downloads
from simple_db.glance.replaced import replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    _Connect = Callable[[Any], None]

LOG = logging.getLogger(__name__)

SILENT_SECONDS = 60
"""How long a host may send nothing before the download from it fails."""

# A host and port that have one reading: with no escape but that of a zone, and nothing after the
# bracket but the port.
_HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+(%25[\w.-]+)?\]|[^\[\]%:@\s]*)(:[0-9]*)?")


@contextlib.contextmanager
def guarded_sources(own_port: int) -> Iterator[None]:
    """Keep Glance from fetching what the server itself answers, on this port, until the end.

    To fetch from itself would make an administrator of every caller: the server sends no token.
    Nothing is fetched through a proxy, which would reach what the server may not.
    """
    with pinned_downloads(), _checks(own_port):
        yield


@contextlib.contextmanager
def _checks(own_port: int) -> Iterator[None]:
    resolve, validate = utils.resolve_pinned_address, utils.get_validated_address

    def resolve_and_check(hostname: str, port: int) -> list[str]:
        addresses: list[str] = resolve(hostname, port)
        refusals = [_why_not(address, port, own_port) for address in addresses]
        allowed = [
            address for address, refusal in zip(addresses, refusals, strict=True) if not refusal
        ]
        if not allowed:
            LOG.warning("Nothing is fetched from %s port %s: %s", hostname, port, refusals[0])
            raise ValueError(f"{hostname} port {port}: {refusals[0]}")
        return allowed

    def check_spelling_and_validate(uri: str) -> list[str]:
        if not _has_one_reading(uri):
            LOG.warning("Nothing is fetched from a URL whose host and port have two readings")
            raise ValueError("the host and port of the URL have two readings")
        addresses: list[str] = validate(uri)
        return addresses

    with (
        replaced(
            utils,
            resolve_pinned_address=resolve_and_check,
            get_validated_address=check_spelling_and_validate,
        ),
        replaced(downloads, open_external_uri=_open_without_proxy),
        _connecting(lambda connect: _checked(connect, own_port)),
    ):
        yield


@contextlib.contextmanager
def _connecting(changed: Callable[[_Connect], _Connect]) -> Iterator[None]:
    """Change how the connections to sources are made, until the end of the block."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(pinned_downloads())
        # There are no others.
        for kind in (downloads._PinnedHTTPConnection, downloads._PinnedHTTPSConnection):  # noqa: SLF001
            stack.enter_context(replaced(kind, connect=changed(kind.connect)))
        yield


def _has_one_reading(uri: str) -> bool:
    """Tell whether all readers of a URL find the same host and port in it."""
    host_and_port = urllib.parse.urlsplit(uri).netloc.rpartition("@")[2]
    return _HOST_AND_PORT.fullmatch(host_and_port) is not None


def _checked(connect: _Connect, own_port: int) -> _Connect:
    """Return a connection's method that checks what is connected to, whatever its URL says."""

    def check_and_connect(connection: Any) -> None:
        address = connection._pinned_ip  # noqa: SLF001 - there is no other way
        refusal = _why_not(address, connection.port, own_port)
        if refusal:
            raise ValueError(f"{address} port {connection.port}: {refusal}")
        connect(connection)

    return check_and_connect


def _open_without_proxy(uri_or_request: Any) -> Any:
    """Open a URL of http or https with Glance's checks, whatever proxies the environment names."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.UnknownHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
        downloads.SafeRedirectHandler,
        downloads._ValidatedExternalHTTPHandler,  # noqa: SLF001 - there is no other way
        downloads._ValidatedExternalHTTPSHandler,  # noqa: SLF001 - likewise
    ):
        opener.add_handler(handler())
    return opener.open(uri_or_request)


def _why_not(text: str, port: int, own_port: int) -> str | None:
    address = plain_address(text)
    if is_unspecified(address):
        return "it is the address of no certain host"
    if port == own_port and is_of_this_machine(address):
        return "it is this server itself"
    return None


def impatient_downloads() -> contextlib.AbstractContextManager[None]:
    """Have each download fail when its host is silent for `SILENT_SECONDS`, until the end."""
    return _connecting(_with_timeout)


def _with_timeout(connect: _Connect) -> _Connect:
    def connect_with_timeout(connection: Any) -> None:
        connection.timeout = SILENT_SECONDS
        connect(connection)

    return connect_with_timeout

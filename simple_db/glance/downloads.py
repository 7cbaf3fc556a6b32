"""What the server fetches for its callers: nothing from itself or from unspecified addresses.

Glance checks each URL when an import is requested, and resolves and checks its host again when it
connects, after redirects too; the connection goes to a checked address. Our check is added there,
and once more where the connection is made, because Glance and Python's library parse the host and
port of a URL in two ways.
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

# A host and port that all parsers read alike: the only escape is that of a zone, and only the port
# is behind the bracket.
_HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+(%25[\w.-]+)?\]|[^\[\]%:@\s]*)(:[0-9]*)?")


@contextlib.contextmanager
def guarded_sources(own_port: int) -> Iterator[None]:
    """Keep Glance from fetching from the server itself, until the end of the block.

    The server sends no token, so such a request would have the rights of an administrator. Nothing
    is fetched through a proxy, which could connect to what the server may not.

    Args:
        own_port: the port that the server listens on.
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
            LOG.warning("Nothing is fetched from a URL whose host and port are ambiguous")
            raise ValueError("the host and port of the URL are ambiguous")
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
    """Return whether all parsers find the same host and port in a URL."""
    host_and_port = urllib.parse.urlsplit(uri).netloc.rpartition("@")[2]
    return _HOST_AND_PORT.fullmatch(host_and_port) is not None


def _checked(connect: _Connect, own_port: int) -> _Connect:
    """Return the method `connect` of a connection, with a check of its actual address."""

    def check_and_connect(connection: Any) -> None:
        address = connection._pinned_ip  # noqa: SLF001 - there is no other way
        refusal = _why_not(address, connection.port, own_port)
        if refusal:
            raise ValueError(f"{address} port {connection.port}: {refusal}")
        connect(connection)

    return check_and_connect


def _open_without_proxy(uri_or_request: Any) -> Any:
    """Open a URL of http or https with Glance's checks and without a proxy."""
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
        return "it is an unspecified address"
    if port == own_port and is_of_this_machine(address):
        return "it is this server itself"
    return None


def impatient_downloads() -> contextlib.AbstractContextManager[None]:
    """Make a download fail when its host sends nothing for `SILENT_SECONDS`, in a block."""
    return _connecting(_with_timeout)


def _with_timeout(connect: _Connect) -> _Connect:
    def connect_with_timeout(connection: Any) -> None:
        connection.timeout = SILENT_SECONDS
        connect(connection)

    return connect_with_timeout

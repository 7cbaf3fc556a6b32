"""What the server fetches for its callers: nothing from itself, nothing from no certain host.

Glance looks at each URL when it is asked to import from it, and resolves and checks its host once
more when it connects, after redirects too; the connection goes to an address that was checked. Our
check is in that same place.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any

from glance.common import utils
from glance.common.scripts import utils as downloads

from simple_db.glance.addresses import is_of_this_machine, is_unspecified, plain_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOG = logging.getLogger(__name__)

SILENT_SECONDS = 60
"""How long a host may send nothing before the download from it fails."""

_CONNECTIONS = (downloads._PinnedHTTPConnection, downloads._PinnedHTTPSConnection)  # noqa: SLF001 - there are no others


@contextlib.contextmanager
def guarded_sources(own_port: int) -> Iterator[None]:
    """Keep Glance from fetching what the server itself answers, on this port, until the end.

    To fetch from itself would make an administrator of every caller: the server sends no token.
    """
    resolve = utils.resolve_pinned_address

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

    utils.resolve_pinned_address = resolve_and_check
    try:
        yield
    finally:
        utils.resolve_pinned_address = resolve


def _why_not(text: str, port: int, own_port: int) -> str | None:
    address = plain_address(text)
    if is_unspecified(address):
        return "it is the address of no certain host"
    if port == own_port and is_of_this_machine(address):
        return "it is this server itself"
    return None


@contextlib.contextmanager
def impatient_downloads() -> Iterator[None]:
    """Have each download fail when its host is silent for `SILENT_SECONDS`, until the end."""
    with contextlib.ExitStack() as stack:
        for kind in _CONNECTIONS:
            stack.callback(setattr, kind, "connect", kind.connect)
            kind.connect = _with_timeout(kind.connect)
        yield


def _with_timeout(connect: Callable[[Any], None]) -> Callable[[Any], None]:
    def connect_with_timeout(connection: Any) -> None:
        connection.timeout = SILENT_SECONDS
        connect(connection)

    return connect_with_timeout

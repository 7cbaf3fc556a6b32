"""Downloads as Glance 33 makes them, for Glance 31 and 32: from addresses that were checked.

Those check the host of a URL when an import is requested, and resolve it again when they connect,
without checking the address. Here the host is resolved and checked at both times, and the
connection goes to a checked address. The replacements have the names that they have in Glance 33,
so that `simple_db.glance.downloads` adds its checks in the same way on each release.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import logging
import socket
import types
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

from glance.common import exception, utils
from glance.common.scripts import utils as downloads
from oslo_config import cfg

from simple_db.glance.addresses import plain_address
from simple_db.glance.replaced import replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

LOG = logging.getLogger(__name__)

_PORTS = {"http": 80, "https": 443}


@contextlib.contextmanager
def pinned_downloads() -> Iterator[None]:
    """Make Glance 31 and 32 download as 33 does, until the end of the block; change no other."""
    if hasattr(utils, "get_validated_address"):
        yield
        return
    is_allowed = utils.validate_import_uri

    def addresses_of(uri: str) -> list[str]:
        if not is_allowed(uri):
            raise ValueError("the options of import_filtering_opts do not allow this URL")
        parts = urllib.parse.urlsplit(uri)
        # Looked up in Glance's module, where `downloads` adds checks.
        addresses: list[str] = utils.resolve_pinned_address(
            parts.hostname, parts.port or _PORTS.get(parts.scheme)
        )
        return addresses

    with (
        replaced(
            utils,
            resolve_pinned_address=_addresses,
            get_validated_address=addresses_of,
            validate_uri=_is_valid,
            validate_import_uri=_is_valid,
        ),
        replaced(
            downloads,
            urllib=_Urllib,
            open_external_uri=_open_external_uri,
            SafeRedirectHandler=_RedirectHandler,
            _PinnedHTTPConnection=_Connection,
            _PinnedHTTPSConnection=_SecureConnection,
            _ValidatedExternalHTTPHandler=_Handler,
            _ValidatedExternalHTTPSHandler=_SecureHandler,
        ),
    ):
        yield


def _addresses(hostname: str, port: int) -> list[str]:
    """Return the addresses of a host; loopback and link-local ones only if the host is listed.

    Raises:
        ValueError: it has none that can be connected to.
    """
    filters = cfg.CONF.import_filtering_opts
    infos = socket.getaddrinfo(hostname, port, type=socket.SOCK_STREAM)
    found = dict.fromkeys(str(info[4][0]).partition("%")[0] for info in infos)
    if hostname in filters.allowed_hosts:
        return list(found)
    refused = () if filters.allowed_hosts else filters.disallowed_hosts
    left = [text for text in found if text not in refused and not _is_near(text)]
    if not left:
        raise ValueError(f"{hostname} has no address that may be connected to")
    return left


def _is_near(text: str) -> bool:
    address = plain_address(text)
    return address.is_loopback or address.is_link_local


def _is_valid(uri: str) -> bool:
    try:
        utils.get_validated_address(uri)
    except (OSError, ValueError):
        return False
    return True


class _RedirectHandler(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Any:
        if not utils.validate_uri(newurl):
            raise exception.ImportTaskError("The source redirects to a URL that is not allowed.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Pinned(http.client.HTTPConnection):
    """A connection to a given address, however the name of its host resolves by now."""

    def __init__(self, *args: Any, pinned_ip: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self._pinned_ip = pinned_ip
        self._create_connection = self._connected

    def _connected(self, _: Any, *options: Any) -> socket.socket:
        return socket.create_connection((self._pinned_ip, self.port), *options)


class _Connection(_Pinned):
    pass


class _SecureConnection(_Pinned, http.client.HTTPSConnection):
    pass


def _open(handler: urllib.request.AbstractHTTPHandler, kind: Any, request: Any) -> Any:
    """Open a connection to the first address of the host that answers."""
    failure: Exception | None = None
    try:
        for address in utils.get_validated_address(request.full_url):
            try:
                return handler.do_open(functools.partial(kind, pinned_ip=address), request)
            except (OSError, http.client.HTTPException) as error:
                LOG.warning("%s cannot be downloaded from %s: %s", request.full_url, address, error)
                failure = error
    except ValueError as error:
        failure = error
    raise exception.ImportTaskError("No connection to the source is possible.") from failure


class _Handler(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> Any:
        return _open(self, _Connection, req)


class _SecureHandler(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> Any:
        return _open(self, _SecureConnection, req)


def _open_external_uri(uri: str) -> Any:
    return urllib.request.build_opener(_RedirectHandler, _Handler, _SecureHandler).open(uri)


def _opened(uri: str) -> Any:
    # Looked up in Glance's module, for the same reason.
    return downloads.open_external_uri(uri)


class _Urllib:
    """`urllib`, as Glance's module of downloads uses it: it opens URLs here."""

    error = urllib.error
    parse = urllib.parse
    request = types.SimpleNamespace(
        urlopen=_opened,
        build_opener=lambda *_: types.SimpleNamespace(open=_opened),
        HTTPRedirectHandler=urllib.request.HTTPRedirectHandler,
    )

"""Which requests a development server accepts: those of programs, not those of other web pages.

The developer's browser reaches the server, and so does every page that it shows. Headers that a
page cannot choose distinguish such requests: `Host` is the name in the URL, which shows a foreign
name that resolves to this machine (DNS rebinding); `Origin` and `Sec-Fetch-Site` say which page has
sent a request.
"""

from __future__ import annotations

import http
import re
import urllib.parse
from typing import TYPE_CHECKING

from attrs import field, frozen

from simple_db.glance.addresses import is_of_this_machine, is_unspecified, plain_address
from simple_db.glance.answers import answer_in_a_line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::(?P<port>[0-9]*))?", re.ASCII)
_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[^/?#@\\\s]+)")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_PORT = 65535

# Any page can send these, and they change nothing.
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

# What browsers send for the server's own pages. Another port is another site.
_OWN_SITES = {"none", "same-origin"}

_MOST_SHOWN = 100
"""How many characters of a header an answer repeats."""


def host_name(host: str) -> str:
    """Return the name or address in a `Host` header or option, in one spelling.

    In lower case, without port, brackets and a dot at the end; IPv4 in IPv6 is IPv4.

    Raises:
        ValueError: it is no name or address with an optional port.
    """
    return _host_and_port(host)[0]


def normal_origin(origin: str) -> str:
    """Return an origin as browsers send it: ``scheme://host``, and the port if it is not usual.

    Raises:
        ValueError: it is no origin of the web, as ``http://localhost:3000`` is.
    """
    match = _ORIGIN.fullmatch(origin.strip().lower())
    if not match:
        raise ValueError(f"{origin!r} is not scheme://host:port with the scheme http or https")
    scheme = match["scheme"]
    name, port = _host_and_port(match["host"])
    shown = f"[{name}]" if ":" in name else name
    usual = port in {None, _DEFAULT_PORTS[scheme]}
    return f"{scheme}://{shown}" if usual else f"{scheme}://{shown}:{port}"


@frozen(kw_only=True)
class Neighbours:
    """Whose requests are accepted.

    Attributes:
        listening: the names and addresses that the server listens on.
        hosts: further names by which it is reached.
        origins: the origins whose pages may do what programs may; see `normal_origin`.
    """

    listening: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    _names: frozenset[str] = field(init=False)

    @_names.default
    def _all_names(self) -> frozenset[str]:
        return frozenset(host_name(_bracketed(name)) for name in (*self.listening, *self.hosts))

    def knows_host(self, name: str) -> bool:
        """Return whether the name, as `host_name` returns it, is one of the server."""
        if name in self._names or name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            address = plain_address(name)
        except ValueError:
            return False
        return address.is_loopback or (self._listens_everywhere() and is_of_this_machine(address))

    def _listens_everywhere(self) -> bool:
        return any(_is_wildcard(name) for name in self.listening)


class Guard:
    """A WSGI filter that refuses requests for another host, and changes by other web pages.

    It must be the first filter: the others do not check where a request comes from.
    """

    def __init__(self, app: WSGIApplication, neighbours: Neighbours) -> None:
        self.app = app
        self._neighbours = neighbours

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request: 400 for a bad host, 421 for another one, 403 for another page."""
        try:
            self._check_host(environ.get("HTTP_HOST"))
            if environ["REQUEST_METHOD"] not in _SAFE_METHODS:
                self._check_page(environ)
        except _Refused as refused:
            return answer_in_a_line(environ, start_response, refused.status, str(refused))
        return self.app(environ, start_response)

    def _check_host(self, host: str | None) -> None:
        try:
            name = host_name(host or "")
        except ValueError as error:
            raise _Refused(
                http.HTTPStatus.BAD_REQUEST, f"a request has one Host header: {error}"
            ) from error
        if not self._neighbours.knows_host(name):
            raise _Refused(
                http.HTTPStatus.MISDIRECTED_REQUEST,
                f"this server does not answer for the host {_shown(name)}: to reach it by that "
                f"name, start it with --allow-host {_shown(name)}",
            )

    def _check_page(self, environ: WSGIEnvironment) -> None:
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None:
            if origin in self._neighbours.origins:
                return
            if not _is_same(origin, environ["HTTP_HOST"]):
                raise _foreign(f"of the origin {_shown(origin)}", _shown(origin))
        site = environ.get("HTTP_SEC_FETCH_SITE")
        if site is not None and site.strip().lower() not in _OWN_SITES:
            raise _foreign(f"that is {_shown(site)}", "ORIGIN")


class _Refused(Exception):  # noqa: N818 - it is an answer
    def __init__(self, status: http.HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def _foreign(which: str, origin: str) -> _Refused:
    return _Refused(
        http.HTTPStatus.FORBIDDEN,
        f"a web page {which} may change nothing here: if it is yours, start the server "
        f"with --allow-origin {origin}",
    )


def _host_and_port(host: str) -> tuple[str, int | None]:
    match = _HOST.fullmatch(host)
    port = int(match["port"]) if match and match["port"] else None
    if not match or (port or 0) > _MAX_PORT:
        raise ValueError(f"{_shown(host)} is no name or address with an optional port")
    name = match["name"].lower()
    if name.startswith("["):
        return str(plain_address(name[1:-1])), port
    return name.removesuffix("."), port


def _bracketed(name: str) -> str:
    bare = ":" in name and not name.startswith("[")
    return f"[{name.partition('%')[0]}]" if bare else name


def _is_wildcard(name: str) -> bool:
    try:
        return is_unspecified(plain_address(name))
    except ValueError:
        return False


def _is_same(origin: str, host: str) -> bool:
    """Return whether the origin of a page is the host that the request is for."""
    try:
        scheme = urllib.parse.urlsplit(origin).scheme
        return normal_origin(origin) == normal_origin(f"{scheme}://{host}")
    except ValueError:
        return False


def _shown(text: str) -> str:
    return ascii(text[:_MOST_SHOWN])

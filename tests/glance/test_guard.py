import itertools
from collections.abc import Mapping
from typing import Any

import pytest

from simple_db.glance.guard import Guard, Neighbours, host_name, normal_origin

pytestmark = pytest.mark.glance

ONE = Neighbours(listening=("127.0.0.1",))
EVERY = Neighbours(listening=("0.0.0.0",))  # noqa: S104 - nobody listens here
FRONT_END = "http://localhost:3000"

UNSAFE = ("DELETE", "PATCH", "POST", "PUT", "TRACE", "get", "NONSENSE")


def answered(
    headers: Mapping[str, str | None], method: str = "GET", neighbours: Neighbours = ONE
) -> tuple[int, str]:
    """Return the status and body of a request that an application would answer with 204."""
    started: list[str] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("204 No Content", [])
        return []

    environ: dict[str, Any] = {"REQUEST_METHOD": method} | {
        f"HTTP_{name.upper().replace('-', '_')}": value
        for name, value in {"Host": "127.0.0.1:9292", **headers}.items()
        if value is not None
    }
    body = b"".join(Guard(app, neighbours)(environ, lambda status, _: started.append(status)))  # type: ignore[arg-type] # as little as WSGI needs
    return int(started[0].split()[0]), body.decode()


# --- hosts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1:9292", "127.0.0.1", "127.0.0.1:", "127.9.8.7:1", "localhost:9292"),
        *("LOCALHOST:65535", "localhost.", "glance.localhost:9292", "a.b.LocalHost.:80"),
        *("[::1]:9292", "[::1]", "[0:0:0:0:0:0:0:1]:9292", "[::ffff:127.0.0.1]:9292"),
        "[::FFFF:7f00:1]:9292",
    ],
)
@pytest.mark.parametrize("neighbours", [ONE, EVERY])
def test_loopback_is_the_server_in_whatever_way_it_is_written(
    host: str, neighbours: Neighbours
) -> None:
    assert answered({"Host": host}, "POST", neighbours)[0] == 204


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:9292", "localhost.evil.example", "notlocalhost"),
        *("localhost..", "127.0.0.1.evil.example", "127.1", "2130706433", "0x7f000001"),
        *("192.0.2.1:9292", "[2001:db8::1]:9292", "[::ffff:192.0.2.1]", "xn--lcalhost-54a"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
@pytest.mark.parametrize("neighbours", [ONE, EVERY])
def test_another_host_is_421_with_the_reason(
    host: str, method: str, neighbours: Neighbours
) -> None:
    status, body = answered({"Host": host}, method, neighbours)
    assert status == 421
    assert method == "HEAD" or f"--allow-host '{host_name(host)}'" in body


@pytest.mark.parametrize(
    "host",
    [
        *(None, "", " ", ":9292", "localhost, localhost", "localhost,evil.example"),
        *("evil.example localhost", "user@localhost", "localhost/", "http://localhost"),
        *("localhost:port", "localhost:65536", "localhost:-1", "localhost:80:80", "::1", "[::1"),
        *("[::1]9292", "[localhost]", "[::1%25lo]", "[1.2.3]", "localh\xf6st", "localhost\t"),
        "*.localhost",
    ],
)
def test_no_host_two_hosts_and_what_is_no_host_are_400(host: str | None) -> None:
    status, body = answered({"Host": host})
    assert status == 400
    assert "Host" in body


@pytest.mark.parametrize(
    "listening", ["glance.example", "192.0.2.7", "2001:db8::7", "Glance.Example."]
)
def test_the_name_that_is_listened_on_is_the_server(listening: str) -> None:
    neighbours = Neighbours(listening=(listening,))
    shown = f"[{listening}]" if ":" in listening else listening

    assert answered({"Host": f"{shown}:9292"}, neighbours=neighbours)[0] == 204
    assert answered({"Host": "0.0.0.0:9292"}, neighbours=neighbours)[0] == 421


@pytest.mark.parametrize("listening", ["0.0.0.0", "::"])  # noqa: S104 - nobody listens here
def test_who_listens_everywhere_is_every_address_of_the_machine_and_no_name(listening: str) -> None:
    neighbours = Neighbours(listening=(listening,))

    assert answered({"Host": "0.0.0.0:9292"}, neighbours=neighbours)[0] == 204
    assert answered({"Host": "[::]:9292"}, neighbours=neighbours)[0] == 204
    assert answered({"Host": "192.0.2.1:9292"}, neighbours=neighbours)[0] == 421
    assert answered({"Host": "glance.example"}, neighbours=neighbours)[0] == 421


@pytest.mark.parametrize(
    "allowed", ["glance.example", "GLANCE.example.", "[2001:db8::1]", "2001:DB8::1"]
)
def test_a_host_that_is_allowed_is_the_server_on_every_port(allowed: str) -> None:
    neighbours = Neighbours(listening=("127.0.0.1",), hosts=("other", allowed))
    host = "[2001:db8::1]" if ":" in allowed else "glance.example"

    assert answered({"Host": host}, "PUT", neighbours)[0] == 204
    assert answered({"Host": f"{host}:8080"}, "PUT", neighbours)[0] == 204
    assert answered({"Host": f"not-{host}"}, "PUT", neighbours)[0] in {400, 421}


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "Forwarded", "X-Host", "X-Original-Host"])
def test_no_other_header_takes_the_place_of_the_host(header: str) -> None:
    assert answered({"Host": "evil.example", header: "localhost"})[0] == 421
    assert answered({"Host": "localhost", header: "evil.example"})[0] == 204


@pytest.mark.parametrize("bad", ["glance.example:80", "http://glance.example", "a b", "", "*"])
def test_what_is_no_host_cannot_be_allowed(bad: str) -> None:
    with pytest.raises(ValueError, match="name or address"):
        Neighbours(listening=("127.0.0.1",), hosts=(bad,))


# --- pages -----------------------------------------------------------------------------------

FOREIGN_ORIGINS = (
    *("null", "", "https://evil.example", "http://localhost:3001", "https://localhost:3000"),
    *("http://127.0.0.1:3000", "http://localhost:3000.evil.example"),
    *("http://127.0.0.1:9292, http://evil.example", "http://127.0.0.1:9292/"),
    *("http://user@127.0.0.1:9292", "file://", "chrome-extension://abcdef", "nonsense", "http://"),
    "http://[::1",
)


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_a_foreign_page_changes_nothing_and_is_403_with_the_reason(
    method: str, origin: str
) -> None:
    for site in (None, "none", "same-origin", "same-site", "cross-site"):
        status, body = answered({"Origin": origin, "Sec-Fetch-Site": site}, method)
        assert status == 403
        assert f"--allow-origin '{origin}'" in body


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize(
    "site", ["cross-site", "same-site", "Cross-Site", "", "none, cross-site", "x"]
)
def test_a_page_that_says_only_that_it_is_elsewhere_changes_nothing(method: str, site: str) -> None:
    assert answered({"Sec-Fetch-Site": site}, method)[0] == 403
    assert answered({"Sec-Fetch-Site": site, "Origin": "http://127.0.0.1:9292"}, method)[0] == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_a_method_that_changes_nothing_is_answered(method: str, origin: str) -> None:
    assert answered({"Origin": origin, "Sec-Fetch-Site": "cross-site"}, method)[0] == 204


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize("site", [None, "none", "same-origin"])
def test_a_program_and_a_page_of_the_server_itself_change_what_they_may(
    method: str, site: str | None
) -> None:
    assert answered({"Sec-Fetch-Site": site}, method)[0] == 204
    assert answered({"Sec-Fetch-Site": site, "Origin": "http://127.0.0.1:9292"}, method)[0] == 204
    for host, origin in itertools.product(["localhost", "localhost:80"], repeat=2):
        headers = {"Sec-Fetch-Site": site, "Host": host, "Origin": f"http://{origin}"}
        assert answered(headers, method)[0] == 204


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize("site", [None, "same-site", "cross-site"])
def test_a_page_of_an_allowed_origin_changes_what_a_program_may(
    method: str, site: str | None
) -> None:
    neighbours = Neighbours(listening=("127.0.0.1",), origins=("http://other", FRONT_END))

    assert answered({"Origin": FRONT_END, "Sec-Fetch-Site": site}, method, neighbours)[0] == 204
    assert answered({"Origin": "http://localhost:3001"}, method, neighbours)[0] == 403
    assert answered({"Origin": FRONT_END, "Host": "evil"}, method, neighbours)[0] == 421


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("http://localhost:3000", "http://localhost:3000"),
        ("HTTP://LocalHost:3000", "http://localhost:3000"),
        ("https://horizon.example:443", "https://horizon.example"),
        ("http://horizon.example:80", "http://horizon.example"),
        ("http://horizon.example:443", "http://horizon.example:443"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://[0::1]", "http://[::1]"),
    ],
)
def test_an_origin_has_one_spelling(given: str, normal: str) -> None:
    assert normal_origin(given) == normal


@pytest.mark.parametrize(
    "bad",
    [
        *("*", "null", "", "localhost:3000", "http://localhost:3000/app", "ftp://x", "http://a b"),
        "http://",
    ],
)
def test_what_is_no_origin_cannot_be_allowed(bad: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        normal_origin(bad)

import contextlib
import gc
import socket
import threading
import urllib.error
from collections.abc import Iterator
from typing import Any

import pytest
from glance.common import exception, utils
from glance.common.exception import ImportTaskError
from glance.common.scripts import utils as downloads
from oslo_config import cfg

from simple_db.glance import downloads as ours
from simple_db.glance.addresses import is_of_this_machine, is_unspecified, plain_address
from simple_db.glance.app import THIS_MACHINE
from simple_db.glance.downloads import guarded_sources, impatient_downloads
from tests.support.serving import CONTENT, Source

pytestmark = [
    pytest.mark.glance,
    # Glance leaves the connection of a refused redirect to be collected.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

OWN_PORT = 9292
ELSEWHERE = "192.0.2.7"

# As a name server might answer; every other name is as the machine's own resolver has it.
NAMES = {
    "nowhere.example": ["0.0.0.0", "::"],  # noqa: S104 - nobody listens here
    "zero.example": ["0.1.2.3"],
    "wrapped.example": ["::ffff:0.0.0.0"],
    "localhost": ["127.0.0.1"],
    "here.example": ["127.0.0.1", "::1", "::ffff:127.0.0.1"],
    "elsewhere.example": [ELSEWHERE],
    "half.example": ["0.0.0.0", ELSEWHERE],  # noqa: S104 - nobody listens here
}


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """Let what a test leaves to be collected be so before the next one."""
    yield
    gc.collect()


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo

    def answer(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        addresses = NAMES.get(str(host).rstrip("."))
        if addresses is None:
            return resolve(host, port, *args, **kwargs)
        return [(0, 0, 0, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    # Glance 32 has eventlet's.
    monkeypatch.setattr(getattr(utils, "socket", socket), "getaddrinfo", answer)


@pytest.fixture
def own_address() -> str:
    """An address of this machine other than those of loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((ELSEWHERE, 9))  # nothing is sent
        except OSError:
            pytest.skip("this machine is on no network")
        return str(probe.getsockname()[0])


@contextlib.contextmanager
def filtering(**options: Any) -> Iterator[None]:
    """Serve with these options of Glance's, of every host and port unless they name some."""
    for name, value in ({"allowed_ports": [], "allowed_hosts": []} | options).items():
        cfg.CONF.set_override(name, value, "import_filtering_opts")
    try:
        with guarded_sources(OWN_PORT):
            yield
    finally:
        for name in ("allowed_ports", "allowed_hosts"):
            cfg.CONF.clear_override(name, "import_filtering_opts")


@pytest.mark.usefixtures("resolver")
@pytest.mark.parametrize(
    "host",
    [
        *("0.0.0.0", "[::]", "[0:0:0:0:0:0:0:0]", "[::0.0.0.0]", "[::ffff:0.0.0.0]"),  # noqa: S104 - nobody listens here
        *("[::ffff:0:0]", "[::FFFF:0.0.0.0]", "0.0.0.1", "[::ffff:0.0.0.1]", "0.0.0.0.", "0"),
        *("0.0", "00000000000", "0x0", "0x00000000", "0x0.0x0.0.0", "000.000.000.000"),
        *("nowhere.example", "NOWHERE.example", "nowhere.example.", "zero.example"),
        *("wrapped.example", "user:password@0.0.0.0"),
    ],
)
@pytest.mark.parametrize("port", ["", ":80", ":443", f":{OWN_PORT}", ":8000"])
def test_nothing_is_fetched_from_an_unspecified_address(host: str, port: str) -> None:
    with filtering():
        assert not utils.validate_uri(f"http://{host}{port}/image")
        assert not utils.validate_uri(f"https://{host}{port}/image")


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - nobody listens here
def test_an_unspecified_address_is_not_fetched_from_even_if_it_is_named(host: str) -> None:
    shown = f"[{host}]" if ":" in host else host
    with filtering(allowed_hosts=[host]):
        assert not utils.validate_uri(f"http://{shown}:8000/image")


@pytest.mark.usefixtures("resolver")
@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.2", "localhost", "LocalHost", "[::1]", "[0:0:0:0:0:0:0:1]"),
        *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "here.example"),
        "user:password@localhost",
    ],
)
def test_nothing_is_fetched_from_the_server_itself(host: str) -> None:
    names = ["127.0.0.2", "::ffff:127.0.0.1", "::ffff:7f00:1", "::7f00:1", "here.example"]
    with filtering(allowed_hosts=[*THIS_MACHINE, *names]):
        assert not utils.validate_uri(f"http://{host}:{OWN_PORT}/v2/images/x/file")
        # What else listens on this machine may be named.
        assert "[" in host or utils.validate_uri(f"http://{host}:{OWN_PORT + 1}/image")


def test_the_server_is_not_fetched_from_by_another_address_of_its_machine(own_address: str) -> None:
    with filtering():
        assert not utils.validate_uri(f"http://{own_address}:{OWN_PORT}/image")
        assert not utils.validate_uri(f"http://[::ffff:{own_address}]:{OWN_PORT}/image")
        assert utils.validate_uri(f"http://{own_address}:{OWN_PORT + 1}/image")


def test_the_usual_port_of_a_scheme_is_a_port() -> None:
    for scheme, port in (("http", 80), ("https", 443)):
        cfg.CONF.set_override("allowed_hosts", ["127.0.0.1"], "import_filtering_opts")
        try:
            with guarded_sources(port):
                assert not utils.validate_uri(f"{scheme}://127.0.0.1/image")
            with guarded_sources(OWN_PORT):
                assert utils.validate_uri(f"{scheme}://127.0.0.1/image")
        finally:
            cfg.CONF.clear_override("allowed_hosts", "import_filtering_opts")


@pytest.mark.usefixtures("resolver")
def test_of_several_addresses_those_of_other_hosts_are_left() -> None:
    with filtering():
        assert utils.get_validated_address("http://half.example/image") == [ELSEWHERE]
        assert utils.get_validated_address("http://elsewhere.example:9292/") == [ELSEWHERE]


def test_the_reason_is_logged_without_the_url(caplog: pytest.LogCaptureFixture) -> None:
    with filtering(allowed_hosts=["127.0.0.1"]):
        assert not utils.validate_uri(f"http://me:letmein@127.0.0.1:{OWN_PORT}/?sig=tale")

    assert f"127.0.0.1 port {OWN_PORT}: it is this server itself" in caplog.text
    assert "letmein" not in caplog.text
    assert "tale" not in caplog.text


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "host_and_port",
    [
        f"[::1]%3A{OWN_PORT}",
        f"[::1]%3a{OWN_PORT}",
        f"user@[::1]%3A{OWN_PORT}",
        f"[::1]x:{OWN_PORT}",
        f"[::1]{OWN_PORT}",
        f"[::1%3A{OWN_PORT}]",
        f"127.0.0.1%3A{OWN_PORT}",
        f"127.0.0.1%3A{OWN_PORT}:80",
        f"[::1]:80%3A{OWN_PORT}",
        "127.0.0.1%2e",
        "127.0.0.1%00",
    ],
)
def test_an_ambiguous_url_is_not_fetched_from(scheme: str, host_and_port: str) -> None:
    with filtering():
        assert not utils.validate_uri(f"{scheme}://{host_and_port}/image")


@pytest.mark.parametrize(
    "host", ["192.0.2.7", "192.0.2.7:", "192.0.2.7:81", "[2001:db8::7]", "[2001:db8::7]:81"]
)
@pytest.mark.parametrize("user", ["", "user@", "user:pass%40word@"])
def test_a_url_of_one_reading_is_fetched_from(user: str, host: str) -> None:
    with filtering():
        assert utils.validate_uri(f"http://{user}{host}/image%20x?a=%3A")


@pytest.mark.parametrize("kind", ["_PinnedHTTPConnection", "_PinnedHTTPSConnection"])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "0.0.0.0"])  # noqa: S104 - nobody listens here
def test_the_port_that_is_connected_to_is_checked_whatever_the_url_says(
    kind: str, address: str
) -> None:
    with filtering():
        connection = getattr(downloads, kind)(f"[::1]:{OWN_PORT}", pinned_ip=address)
        with pytest.raises(ValueError, match=f"port {OWN_PORT}: it is"):
            connection.connect()


@pytest.mark.parametrize("name", ["http_proxy", "HTTPS_PROXY", "all_proxy"])
def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with Source() as proxy, Source() as source:
        monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("no_proxy", "")
        with (
            filtering(allowed_hosts=["127.0.0.1"]),
            downloads.open_external_uri(f"{source.url}/image") as answer,
        ):
            assert answer.read() == CONTENT
        assert not proxy.paths


@pytest.mark.parametrize("uri", ["data:,x", "ftp://127.0.0.1/x", "file:///etc/hostname"])
def test_nothing_but_http_is_opened(uri: str) -> None:
    with filtering(), pytest.raises(urllib.error.URLError, match="unknown url type"):
        downloads.open_external_uri(uri)


def test_what_is_found_missing_is_an_error() -> None:
    with (
        Source() as source,
        filtering(allowed_hosts=["127.0.0.1"]),
        pytest.raises(urllib.error.HTTPError, match="404"),
    ):
        downloads.open_external_uri(f"{source.url}/missing")


def test_a_redirect_is_checked_too() -> None:
    with (
        Source() as source,
        filtering(allowed_hosts=["127.0.0.1", "::1"]),
        pytest.raises(exception.GlanceException),
    ):
        downloads.open_external_uri(f"{source.url}/elsewhere?http://[::1]%3A{OWN_PORT}/")


def test_an_import_reads_nothing_that_is_refused() -> None:
    with filtering(allowed_hosts=["127.0.0.1"]), pytest.raises(exception.GlanceException):
        downloads.get_image_data_iter(f"http://127.0.0.1:{OWN_PORT}/image")


def replaced() -> list[Any]:
    # Glance 31 and 32 have none of these.
    kinds = ("_PinnedHTTPConnection", "_PinnedHTTPSConnection")
    connections = [getattr(downloads, kind, None) for kind in kinds]
    return [
        getattr(utils, "resolve_pinned_address", None),
        getattr(utils, "get_validated_address", None),
        getattr(downloads, "open_external_uri", None),
        *(getattr(connection, "connect", None) for connection in connections),
    ]


def test_glance_is_as_it_was_afterwards() -> None:
    before = replaced()
    with guarded_sources(OWN_PORT):
        assert not set(before) & set(replaced())
    assert replaced() == before


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::192.0.2.1", "192.0.2.1"),
        ("fe80::1%lo", "fe80::1"),
        ("::1%lo", "::1"),
        ("::1", "::1"),
        ("::", "::"),
    ],
)
def test_an_address_has_one_spelling(text: str, address: str) -> None:
    assert str(plain_address(text)) == address


def test_loopback_and_the_unspecified_are_of_this_machine_and_others_are_not() -> None:
    for text in ("127.0.0.1", "127.255.255.254", "::1", "0.0.0.0", "::"):  # noqa: S104 - nobody listens here
        assert is_of_this_machine(plain_address(text))
    for text in (ELSEWHERE, "2001:db8::7"):
        assert not is_of_this_machine(plain_address(text))
        assert not is_unspecified(plain_address(text))


@pytest.mark.parametrize(
    "sends", [b"", b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nhalf"], ids=["nothing", "half"]
)
def test_a_download_from_a_host_that_is_silent_fails_in_time(
    sends: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "SILENT_SECONDS", 0.3)
    with (
        socket.create_server(("127.0.0.1", 0)) as host,
        filtering(allowed_hosts=["127.0.0.1"]),
        impatient_downloads(),
    ):
        failed = []

        def download() -> None:
            uri = f"http://127.0.0.1:{host.getsockname()[1]}/"
            try:
                # With its size on Glance 32 and 33.
                data = downloads.get_image_data_iter(uri)
                b"".join(data[0] if isinstance(data, tuple) else data)
            except (ImportTaskError, TimeoutError) as error:
                failed.append(error)

        downloading = threading.Thread(target=download, daemon=True)
        downloading.start()
        asking, _ = host.accept()
        with asking:
            asking.sendall(sends)
            downloading.join(10)
            assert failed

"""Downloads on Glance 31 and 32: on a later one, what those do not have is taken away."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING, Any

import pytest
from glance.common import exception, utils
from glance.common.scripts import utils as downloads
from oslo_config import cfg

from simple_db.glance.downloads import guarded_sources
from simple_db.glance.pinned_downloads import pinned_downloads
from simple_db.installed import glance_needs
from simple_db.installed.glance_needs import DOWNLOADS
from tests.support.serving import CONTENT, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.glance,
    # What has failed leaves its connection to be collected.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

OWN_PORT = 9292


@pytest.fixture(autouse=True)
def _glance_is_older(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in DOWNLOADS:
        module = utils if name.startswith("glance.common.utils:") else downloads
        monkeypatch.delattr(module, name.partition(":")[2], raising=False)
    monkeypatch.setattr(utils, "validate_import_uri", lambda uri: "odd" not in uri, raising=False)


@contextlib.contextmanager
def filtering(**options: Any) -> Iterator[None]:
    for name, value in options.items():
        cfg.CONF.set_override(name, value, "import_filtering_opts")
    try:
        with guarded_sources(OWN_PORT):
            yield
    finally:
        for name in options:
            cfg.CONF.clear_override(name, "import_filtering_opts")


def opened(uri: str) -> Any:
    return downloads.urllib.request.urlopen(uri)


def test_a_source_is_read_from_an_address_that_was_checked() -> None:
    with Source() as source, filtering(allowed_hosts=["127.0.0.1"]):
        for answer in (
            opened(f"{source.url}/image"),
            downloads.urllib.request.build_opener().open(f"{source.url}/image"),
            opened(f"{source.url}/elsewhere?{source.url}/image"),
        ):
            with answer:
                assert answer.read() == CONTENT


@pytest.mark.parametrize(
    "uri",
    [
        *("http://127.0.0.1:8000/image", "http://localhost:8000/image"),
        *("http://[::ffff:127.0.0.1]:8000/image", "http://169.254.169.254/image"),
        *("http://nowhere.invalid/image", "http://192.0.2.7/odd"),
    ],
)
def test_what_is_near_or_unknown_or_filtered_is_refused(uri: str) -> None:
    with filtering():
        assert not utils.validate_uri(uri)
        assert not utils.validate_import_uri(uri)
        with pytest.raises((exception.ImportTaskError, OSError)):
            opened(uri)


def test_a_refused_host_is_refused_by_its_address_too(monkeypatch: pytest.MonkeyPatch) -> None:
    infos = [(0, 0, 0, "", ("192.0.2.7", 80)), (0, 0, 0, "", ("192.0.2.8", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: infos)
    with filtering(disallowed_hosts=["192.0.2.7"]):
        assert utils.get_validated_address("http://some.example/") == ["192.0.2.8"]
    with filtering(disallowed_hosts=["192.0.2.7"], allowed_hosts=["some.example"]):
        assert utils.get_validated_address("http://some.example/") == ["192.0.2.7", "192.0.2.8"]


def test_a_redirect_to_what_is_refused_is_an_error() -> None:
    with (
        Source() as source,
        filtering(allowed_hosts=["127.0.0.1"]),
        pytest.raises(exception.ImportTaskError, match="redirects to a URL that is not allowed"),
    ):
        opened(f"{source.url}/elsewhere?http://127.0.0.1:{OWN_PORT}/")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_source_that_cannot_be_connected_to_is_an_error_and_a_line(
    scheme: str, caplog: pytest.LogCaptureFixture
) -> None:
    with Source() as source, filtering(allowed_hosts=["127.0.0.1"]):
        # Nobody listens on port 1, and the source speaks no TLS.
        place = source.url.removeprefix("http://") if scheme == "https" else "127.0.0.1:1"
        with pytest.raises(exception.ImportTaskError, match="No connection to the source"):
            opened(f"{scheme}://{place}/image")
    assert "cannot be downloaded from 127.0.0.1" in caplog.text


def test_glance_is_as_it_was_afterwards() -> None:
    before = dict(vars(utils)), dict(vars(downloads))
    with pinned_downloads():
        within = utils.get_validated_address
        with pinned_downloads():
            assert utils.get_validated_address is within
    assert (dict(vars(utils)), dict(vars(downloads))) == before


def test_a_server_has_all_that_it_needs_then() -> None:
    glance_needs.require_server()

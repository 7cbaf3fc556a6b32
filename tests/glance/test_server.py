import hashlib
import json
import logging
import random
import shlex
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simple_db import Database, RequestContext
from simple_db.glance import server as glance_server
from tests.support.processes import ran
from tests.support.serving import ADMIN, ALICE, BIN, BOB, FORMATS, PATIENCE, Server

pytestmark = pytest.mark.glance

MIB = 2**20
RAW = ("--disk-format", "raw", "--container-format", "bare")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """16 MiB that no compression, block size or text mode leaves as they are by luck."""
    path = tmp_path_factory.mktemp("data") / "image.raw"
    path.write_bytes(random.Random(16).randbytes(16 * MIB))  # noqa: S311 - no secret
    return path


def names(listing: str) -> set[str]:
    """Return the names in a table of a client."""
    rows = [line.split("|") for line in listing.splitlines() if line.startswith("|")]
    return {row[2].strip() for row in rows[1:]}


def test_the_printed_commands_work_as_printed(server: Server) -> None:
    printed = [
        subprocess.run(  # noqa: S602 - a line for a shell is what is tested
            command,
            shell=True,
            check=True,
            capture_output=True,
            cwd=server.directory,
            env=server.client_environment,
            text=True,
            timeout=PATIENCE,
        ).stdout
        for command in server.commands
    ]
    assert len(printed) == 3
    assert {shlex.split(command)[0] for command in server.commands} == {str(BIN / "openstack")}
    assert "active" in printed[0]
    assert all("hello" in text for text in printed)


def test_the_address_and_the_places_of_the_state_are_printed(server: Server) -> None:
    assert f"Glance API on {server.url} " in server.printed
    assert f"{server.snapshot}\n              new: there was no such file\n" in server.printed
    assert f"{server.directory / 'glance-data'}\n" in server.printed


def test_openstack_uploads_an_image_and_downloads_the_same_bytes(
    server: Server, data: Path, tmp_path: Path
) -> None:
    created = server.openstack(
        ALICE, "image", "create", "-f", "json", *RAW, "--file", data, "osc-bytes"
    )
    image = server.json(f"/v2/images/{json.loads(created)['id']}", ALICE)
    server.openstack(ALICE, "image", "save", "--file", tmp_path / "back", "osc-bytes")

    content = data.read_bytes()
    assert (tmp_path / "back").read_bytes() == content
    assert image["size"] == 16 * MIB
    assert image["checksum"] == hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert image["os_hash_value"] == hashlib.sha512(content).hexdigest()


def test_openstack_sets_properties_and_tags_and_lists_by_them(server: Server) -> None:
    for number, name in enumerate(["osc-a", "osc-b", "osc-c"]):
        colour = ("--property", "colour=red") if number < 2 else ()
        server.openstack(ALICE, "image", "create", *RAW, *colour, "--tag", "osc", name)
    server.openstack(ALICE, "image", "set", "--tag", "blue", "--property", "shape=round", "osc-b")

    listed = ("image", "list")
    assert names(server.openstack(ALICE, *listed, "--tag", "blue")) == {"osc-b"}
    assert names(server.openstack(ALICE, *listed, "--property", "colour=red")) == {"osc-a", "osc-b"}
    assert names(server.openstack(ALICE, *listed, "--name", "osc-c")) == {"osc-c"}
    # Newest first, as the server sorts unasked: the client's own --sort comes after the page.
    first = server.openstack(ALICE, *listed, "--tag", "osc", "--limit", "2", "-f", "json")
    assert {image["Name"] for image in json.loads(first)} == {"osc-c", "osc-b"}
    (last,) = (image["ID"] for image in json.loads(first) if image["Name"] == "osc-b")
    assert names(server.openstack(ALICE, *listed, "--tag", "osc", "--marker", last)) == {"osc-a"}


def test_openstack_hides_deactivates_and_deletes_an_image(server: Server, data: Path) -> None:
    def status() -> str:
        shown = server.openstack(ALICE, "image", "show", "-f", "value", "-c", "status", image_id)
        return shown.strip()

    created = server.openstack(
        ALICE, "image", "create", "-f", "json", *RAW, "--file", data, "osc-life"
    )
    image_id = json.loads(created)["id"]
    server.openstack(ALICE, "image", "set", "--hidden", image_id)
    assert "osc-life" not in names(server.openstack(ALICE, "image", "list"))
    assert "osc-life" in names(server.openstack(ALICE, "image", "list", "--hidden"))

    server.openstack(ADMIN, "image", "set", "--deactivate", image_id)
    assert status() == "deactivated"
    assert server.request(f"/v2/images/{image_id}/file", ALICE)[0] == 403
    server.openstack(ALICE, "image", "set", "--activate", image_id)
    assert status() == "active"

    server.openstack(ALICE, "image", "delete", image_id)
    assert server.request(f"/v2/images/{image_id}", ALICE)[0] == 404
    assert not list(server.directory.rglob(image_id))


def test_glance_client_uploads_shares_and_a_member_accepts(
    server: Server, data: Path, tmp_path: Path
) -> None:
    def shown() -> bool:
        return "shared" in names(server.glance(BOB, "image-list"))

    properties = ("--property", "colour=green", "--tags", "gc")
    server.glance(ALICE, "image-create", "--name", "shared", *RAW, *properties, "--file", data)
    (image,) = server.json("/v2/images?name=shared", ALICE)["images"]
    assert (image["colour"], image["tags"]) == ("green", ["gc"])
    assert not shown()

    server.glance(ALICE, "member-create", image["id"], "lab")
    assert not shown()
    server.glance(BOB, "member-update", image["id"], "lab", "accepted")
    assert shown()
    assert "accepted" in server.glance(ALICE, "member-list", "--image-id", image["id"])

    server.glance(BOB, "image-download", "--file", tmp_path / "back", image["id"])
    assert (tmp_path / "back").read_bytes() == data.read_bytes()
    server.glance(ALICE, "member-delete", image["id"], "lab")
    assert not shown()


def test_glance_client_changes_pages_deactivates_and_deletes(server: Server) -> None:
    for number in range(5):
        server.glance(ALICE, "image-create", "--name", f"gc-{number}", *RAW, "--tags", "paged")
    paged = ("image-list", "--tag", "paged", "--page-size", "2", "--sort", "name:desc")
    assert names(server.glance(ALICE, *paged)) == {f"gc-{number}" for number in range(5)}
    assert names(server.glance(ALICE, *paged, "--limit", "3")) == {"gc-4", "gc-3", "gc-2"}

    (image,) = server.json("/v2/images?name=gc-0", ALICE)["images"]
    server.glance(ALICE, "image-update", image["id"], "--property", "kind=odd", "--name", "other")
    server.glance(ALICE, "image-tag-update", image["id"], "more")
    server.glance(ALICE, "image-tag-delete", image["id"], "paged")
    changed = server.json(f"/v2/images/{image['id']}", ALICE)
    assert (changed["name"], changed["kind"], changed["tags"]) == ("other", "odd", ["more"])

    server.glance(ALICE, "image-delete", image["id"])
    assert server.request(f"/v2/images/{image['id']}", ALICE)[0] == 404


def test_what_a_role_may_do_is_glances_own_policy(server: Server) -> None:
    def post(token: str | None, **image: str) -> int:
        return server.post("/v2/images", FORMATS | image, token)[0]

    assert post("carol:demo:reader", name="by a reader") == 403
    assert post("carol:demo:member", name="by a member") == 201
    assert post("carol:demo:member", name="public by a member", visibility="public") == 403
    assert post("carol:demo:admin", name="by an administrator", visibility="public") == 201
    assert post(None, name="by nobody in particular", visibility="public") == 201


def test_a_project_does_not_see_the_private_images_of_another(server: Server) -> None:
    server.created(name="private", visibility="private")
    assert len(server.json("/v2/images?name=private", ALICE)["images"]) == 1
    assert server.json("/v2/images?name=private", BOB)["images"] == []
    assert len(server.json("/v2/images?name=private")["images"]) == 1


def test_a_malformed_token_is_401_with_the_form(server: Server) -> None:
    status, body = server.request("/v2/images", "alice")
    assert status == 401
    assert "user:project:role1,role2" in body


def test_the_stores_and_the_health_of_the_server_are_answered(server: Server) -> None:
    stores = server.json("/v2/info/stores")["stores"]
    assert [store["id"] for store in stores] == ["images", "spare"]
    assert server.request("/healthcheck")[0] == 200


def test_no_token_and_no_query_is_logged(server: Server) -> None:
    server.request("/v2/images?name=confidential-name", "confidential-user:demo:member")
    logged = server.log.read_text()
    assert "GET /v2/images 200" in logged
    assert "confidential" not in logged


def test_requests_at_the_same_time_are_all_answered(server: Server) -> None:
    def create(number: int) -> None:
        server.created(name=f"parallel-{number}", tags=["parallel"])

    threads = [threading.Thread(target=create, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    images = server.json("/v2/images?tag=parallel&limit=100", ALICE)["images"]
    assert len({image["id"] for image in images}) == len(images) == 20


def listing(server: Server) -> Any:
    """Return all that an administrator sees."""
    return server.json("/v2/images?visibility=all&member_status=all")["images"]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_after_a_stop_and_a_start_everything_is_there_again(
    signum: int, data: Path, tmp_path: Path
) -> None:
    server = Server(tmp_path, "--save-interval", "600")
    with server:
        options = ("--tags", "kept", "--property", "colour=red")
        server.glance(ALICE, "image-create", "--name", "kept", *RAW, *options, "--file", data)
        (image,) = listing(server)
        server.glance(ALICE, "member-create", image["id"], "lab")
        members = server.json(f"/v2/images/{image['id']}/members", ALICE)
        assert server.stop(signum) == 0
    assert f"Stopped; saved in {server.snapshot}: 1 images, " in server.printed
    with server:
        assert "loaded: 1 images, " in server.printed
        assert listing(server) == [image]
        assert server.json(f"/v2/images/{image['id']}/members", ALICE) == members
        server.glance(ALICE, "image-download", "--file", tmp_path / "back", image["id"])
    assert (tmp_path / "back").read_bytes() == data.read_bytes()


def test_a_server_that_is_killed_loses_nothing_that_is_older_than_the_interval(
    tmp_path: Path,
) -> None:
    server = Server(tmp_path, "--save-interval", "0.1")
    with server:
        server.glance(ALICE, "image-create", "--name", "kept", *RAW)
        before = listing(server)
        deadline = time.monotonic() + PATIENCE
        while not server.snapshot.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        server.stop(signal.SIGKILL)
    with server:
        assert listing(server) == before


def test_the_snapshot_of_a_server_is_a_database(tmp_path: Path) -> None:
    server = Server(tmp_path, "--snapshot", "deep/down/state.json", "--data-dir", "a $dir with 50%")
    with server:
        some_file = tmp_path / "file"
        some_file.write_text("data")
        server.openstack(ALICE, "image", "create", *RAW, "--file", some_file, "mine")
        assert server.stop(signal.SIGTERM) == 0
    database = Database()
    database.load(tmp_path / "deep" / "down" / "state.json")
    (image,) = database.image_get_all(RequestContext(is_admin=True))
    (location,) = image["locations"]
    directory = tmp_path / "a $dir with 50%" / "images"
    assert location["url"] == f"file://images/{image['id']}"
    assert (directory / image["id"]).read_text() == "data"


def test_no_configuration_of_another_glance_reaches_the_server(tmp_path: Path) -> None:
    theirs = tmp_path / ".glance"
    theirs.mkdir()
    (theirs / "glance.conf").write_text("[DEFAULT]\nenabled_backends = theirs:nonsense\n")
    (theirs / "glance-api.conf").write_text("[paste_deploy]\nflavor = keystone\n")
    (theirs / "policy.yaml").write_text('"get_images": "!"\n')
    (theirs / "schema-image.json").write_text("no JSON")
    environment = {"OS_GLANCE_CONFIG_DIR": str(theirs), "OS_PASTE_DEPLOY__FLAVOR": "keystone"}
    with Server(tmp_path, **environment) as server:
        assert server.json("/v2/images", ALICE)["images"] == []


def test_a_taken_port_is_one_line_and_exit_code_2_without_a_traceback(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = ran(BIN / "simple-db", "serve", "--port", str(port), cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"simple-db: port {port} of 127.0.0.1 is taken; "
        "choose another --port, or --port 0 for a free one\n"
    )
    assert not list(tmp_path.iterdir())


def test_credentials_in_urls_do_not_reach_the_log() -> None:
    def formatted(message: str, *arguments: str) -> str:
        record = logging.LogRecord("glance", logging.ERROR, "", 0, message, arguments, None)
        return glance_server.RedactingFormatter("%(message)s").format(record)

    url = "swift+https://account%3Auser:secret@keystone.example/v3/container/image"
    assert formatted("cannot read %s", url) == (
        "cannot read swift+https://***@keystone.example/v3/container/image"
    )
    assert formatted("'http://user:pa@ss@host/path'") == "'http://***@host/path'"
    assert formatted("get 'https://host/image?sig=secret&x=1', or") == (
        "get 'https://host/image?sig=***&x=***', or"
    )
    assert formatted("file:///images/1 a@b") == "file:///images/1 a@b"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:"),
        ("localhost", "http://localhost:"),
        ("0.0.0.0", "http://127.0.0.1:"),  # noqa: S104 - nothing is bound to it
        ("::1", "http://[::1]:"),
        ("::", "http://[::1]:"),
    ],
)
def test_the_printed_address_is_one_to_connect_to(host: str, url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert glance_server.url_of(host, listener) == f"{url}{port}"

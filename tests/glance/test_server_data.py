"""Where a server finds the data of its images, and what it leaves alone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import attrs
import pytest

from simple_db import Database, RequestContext
from simple_db.glance.app import STORES as DIRECTORIES
from simple_db.pytest_plugin import GlanceServer
from tests.support.serving import ADMIN, ALICE, FORMATS, PROJECT, Server, Source, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.glance

ROOT = RequestContext(is_admin=True)
SECRET = b"of somebody else"
STORES = ("images", "spare", None, "nonsense")
RENAME = {"op": "replace", "path": "/name", "value": "new"}


class Shared(Server):
    """The client part of `Server`, for a server of the fixture `glance_server`."""

    def __init__(self, server: GlanceServer) -> None:
        super().__init__(server.data_dir.parent)
        self.url = server.url


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GlanceServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(PROJECT))
        server = GlanceServer(tmp_path_factory.mktemp("glance-server"))
    yield server
    server._stop()  # noqa: SLF001 - as the plugin does


@pytest.fixture
def server(process: GlanceServer) -> GlanceServer:
    process.reset()
    return process


@pytest.fixture
def client(server: GlanceServer) -> Server:
    return Shared(server)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A data directory of another server, with data and a secret."""
    for store in ("images", "spare"):
        (tmp_path / "other-data" / store).mkdir(parents=True)
        (tmp_path / "other-data" / store / "theirs").write_bytes(SECRET)
    return tmp_path / "other-data"


def download(server: Server, image_id: str) -> tuple[int, str]:
    return server.request(f"/v2/images/{image_id}/file", ALICE)


def delete(server: Server, image_id: str) -> int:
    return server.request(f"/v2/images/{image_id}", ALICE, method="DELETE")[0]


def located(database: Database, url: str, store: str | None) -> str:
    """Add an image of alice's project whose data is said to be there, and return its id."""
    location = {"url": url, "metadata": {"store": store} if store else {}, "status": "active"}
    values = {"status": "active", "owner": "demo", "size": len(SECRET)}
    image = database.image_create(
        ROOT, FORMATS | values | {"visibility": "private", "locations": [location]}
    )
    return str(image["id"])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def files(directory: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


# --- what is outside -------------------------------------------------------------------------


def urls_outside(outside: Path, data: Path) -> list[str]:
    """Give locations of data that is no image's of this server, in every way to spell one."""
    theirs = outside / "images" / "theirs"
    relative = os.path.relpath(theirs, data / "images")
    return [
        f"file://{theirs}",
        f"filesystem://{theirs}",
        f"file://localhost{theirs}",
        f"file:{theirs}",
        f"FILE://{theirs}",
        f"file://{data}/images/{relative}",
        f"file://images/{relative}",
        f"file://images/{relative.replace('/', '%2F')}",
        f"file://images/{relative.replace('.', '%2e').replace('/', '%2f')}",
        f"file://images/{theirs}",
        "file://images/link",
        "file://spare/link",
        f"file://{data}/images/link",
        "file://images/directory/theirs",
        f"file://{data}/images/directory/theirs",
        "file://images/directory",
        "file://images/..",
        "file://images/",
        "file://images",
        "file://",
        "file://cache/theirs",
        "file://../other-data/images/theirs",
        "file://[images/theirs",
        "http://[images/theirs",
        "file:///etc/hostname",
        "http://127.0.0.1:9/theirs",
        "https://user:secret@127.0.0.1:9/theirs",
        "rbd://fsid/pool/theirs/snap",
        "cinder://images/11111111-1111-1111-1111-111111111111",
        "swift+https://account%3Auser:secret@127.0.0.1:9/container/theirs",
        "s3://key:secret@127.0.0.1:9/bucket/theirs",
        "vsphere://127.0.0.1:9/folder/theirs",
        "no location",
    ]


def test_nothing_outside_of_the_data_directory_is_read_or_deleted(
    server: GlanceServer, client: Server, outside: Path
) -> None:
    for store in ("images", "spare"):
        (server.data_dir / store / "link").symlink_to(outside / "images" / "theirs")
    (server.data_dir / "images" / "directory").symlink_to(outside / "images")
    (server.data_dir / "cache" / "theirs").write_bytes(SECRET)
    database = Database()
    images = {
        located(database, url, store): (url, store)
        for url in urls_outside(outside, server.data_dir)
        for store in STORES
    }
    server.restore(database.snapshot())
    for store in ("images", "spare"):
        (server.data_dir / store / "link").symlink_to(outside / "images" / "theirs")
    before = files(outside)

    wrong = []
    for image_id, spelling in images.items():
        answers = (
            download(client, image_id)[0],
            client.patch(f"/v2/images/{image_id}", RENAME),
            delete(client, image_id),
        )
        if answers != (404, 200, 204) or files(outside) != before:
            wrong.append((spelling, answers))
    (server.data_dir / "images" / "directory").unlink()
    assert wrong == []


METADATA: list[Any] = [{}, [], ["store"], "store", 1, {"store": ["images"]}]
METADATA += [{"store": {"images": 1}}, {"store": 5}, {"store": None}, {"store": "nonsense"}]


def described(database: Database, url: str, metadata: object) -> str:
    """Add an image whose location has this metadata, as a snapshot can have it."""
    image_id = located(database, url, None)
    with database.store.writing() as tables:
        (row,) = tables.locations.where(image_id=image_id)
        tables.locations.put(attrs.evolve(row, meta_data=metadata))
    return image_id


def answers_on(client: Server, image_id: str) -> Iterator[tuple[str, Any]]:
    """Ask for everything that reads or changes the locations of an image; delete it at last."""
    path = f"/v2/images/{image_id}"
    for stores in ({"all_stores": True}, {"stores": ["spare"]}):
        document = {"method": {"name": "copy-image"}} | stores
        yield f"copy to {stores}", client.post(f"{path}/import", document, ADMIN)[0]
        yield f"copied to {stores}", outcomes(client, image_id)
    yield "change", client.patch(path, RENAME)
    for name, where, token, method in (
        ("show", path, ALICE, "GET"),
        ("list", "/v2/images", ALICE, "GET"),
        ("locations", f"{path}/locations", "nova:service:service,admin,member", "GET"),
        ("download", f"{path}/file", ALICE, "GET"),
        ("members", f"{path}/members", ALICE, "GET"),
        ("deactivate", f"{path}/actions/deactivate", ADMIN, "POST"),
        ("reactivate", f"{path}/actions/reactivate", ADMIN, "POST"),
        ("delete data", f"/v2/stores/images/{image_id}", ADMIN, "DELETE"),
        ("delete", path, ALICE, "DELETE"),
    ):
        yield name, client.request(where, token, method=method)[0]


def outcomes(client: Server, image_id: str) -> list[tuple[str, str]]:
    """Return the status and the message of each task of an image, as soon as all are done."""
    tasks = client.finished_tasks(image_id)
    return [(task["status"], task["message"].replace(image_id, "")) for task in tasks]


@pytest.mark.parametrize(
    "url", ["file://images/there", "file://images/gone", "http://127.0.0.1:9/"]
)
def test_metadata_of_whatever_kind_is_as_a_location_without_store(
    server: GlanceServer, client: Server, url: str
) -> None:
    database = Database()
    images = [described(database, url, metadata) for metadata in METADATA]
    server.restore(database.snapshot())
    found = []
    for image_id in images:
        (server.data_dir / "images" / "there").write_bytes(SECRET)
        found.append(dict(answers_on(client, image_id)))
    assert [found[0]] * len(images) == found
    assert [asked for asked, answer in found[0].items() if answer in range(500, 600)] == []
    [(copied, _)] = found[0]["copied to {'all_stores': True}"]
    assert copied == ("success" if url == "file://images/there" else "failure")


def test_a_download_says_what_is_wrong_and_shows_no_location(
    server: GlanceServer, client: Server
) -> None:
    database = Database()
    image_id = located(database, "https://user:secret@127.0.0.1:9/theirs", "images")
    server.restore(database.snapshot())
    status, body = download(client, image_id)
    assert status == 404
    assert "The data of this image is not in the data directory of this server." in body
    assert "127.0.0.1:9" not in body
    assert "user:secret" not in server.log.read_text()


def test_an_image_that_never_had_data_is_no_error(client: Server) -> None:
    assert download(client, client.created()) == (204, "")


def test_data_is_read_from_where_it_is_if_one_of_two_locations_is_lost(
    server: GlanceServer, client: Server
) -> None:
    image_id = client.uploaded(b"data")
    database = server.database()
    lost = {"url": "file://spare/lost", "metadata": {"store": "spare"}, "status": "active"}
    (there,) = database.image_get(ROOT, image_id)["locations"]
    database.image_location_delete(ROOT, image_id, there["id"], "deleted")
    for location in (lost, {key: there[key] for key in lost}):  # type: ignore[literal-required]
        database.image_location_add(ROOT, image_id, location)
    server.restore(database.snapshot())
    (server.data_dir / "images" / image_id).write_bytes(b"data")
    assert download(client, image_id) == (200, "data")


def test_a_path_of_another_server_is_read_and_deleted_in_the_own_directory(
    server: GlanceServer, client: Server, outside: Path
) -> None:
    database = Database()
    own = located(database, f"file://{outside}/images/theirs", "images")
    spare = located(database, f"file://{outside}/spare/theirs", None)
    server.restore(database.snapshot())
    for store in ("images", "spare"):
        (server.data_dir / store / "theirs").write_bytes(b"of this server.!")
    before = files(outside)
    for image_id in (own, spare):
        assert download(client, image_id) == (200, "of this server.!")
        assert delete(client, image_id) == 204
        assert delete(client, image_id) == 404
    assert files(outside) == before
    assert not (server.data_dir / "images" / "theirs").exists()
    assert not (server.data_dir / "spare" / "theirs").exists()


@pytest.mark.parametrize("token", [ALICE, ADMIN, "nova:service:service,admin,member"])
def test_nobody_adds_a_location_by_a_request(
    server: GlanceServer, client: Server, outside: Path, token: str
) -> None:
    theirs = client.uploaded(SECRET)
    urls = [f"file://{outside}/images/theirs", f"file://images/{theirs}", f"filesystem://{outside}"]
    for url in urls:
        image_id = client.created(token)
        location = {"url": url, "metadata": {"store": "images"}}
        change = {"op": "add", "path": "/locations/-", "value": location}
        path = f"/v2/images/{image_id}"
        assert client.patch(path, change, token=token) == 403
        status, _ = client.post(f"{path}/locations", {"url": url}, token)
        assert status in {202, 403}
        if status == 202:  # Glance looks at it in a task
            eventually(
                lambda: {task["status"] for task in client.json("/v2/tasks")["tasks"]},
                lambda found: found <= {"failure", "success"},
            )
        database = server.database()
        assert database.image_get(ROOT, image_id)["locations"] == []


@pytest.mark.parametrize("scheme", ["file://", "filesystem://", "FILE://", "file:", "local://", ""])
def test_nothing_is_imported_from_a_file(
    server: GlanceServer, client: Server, outside: Path, scheme: str
) -> None:
    url = f"{scheme}{outside}/images/theirs"
    task = {"import_from": url, "import_from_format": "raw", "image_properties": FORMATS}
    assert client.post("/v2/tasks", {"type": "import", "input": task}, ADMIN)[0] == 400
    assert client.asked_to_import(client.created(), "web-download", uri=url)[0] == 400
    assert not files(server.data_dir)


def test_a_dangling_link_is_not_written_through(
    server: GlanceServer, client: Server, tmp_path: Path
) -> None:
    image_id = client.created()
    (server.data_dir / "images" / image_id).symlink_to(tmp_path / "new")
    assert client.put(f"/v2/images/{image_id}/file", b"data")[0] == 503
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("uri", ["file://{}", "http://127.0.0.1:9/{}", "{}", ""])
def test_an_import_reads_no_file_that_a_caller_names(
    server: GlanceServer, client: Server, outside: Path, uri: str
) -> None:
    there = files(outside)
    named = uri.format(outside / "images" / "theirs")
    staged, spare = client.created(), ("spare",)
    client.put(f"/v2/images/{staged}/stage", SECRET)
    refusals = [
        client.asked_to_import(staged, "glance-direct", ALICE, spare, uri=named),
        client.asked_to_import(client.uploaded(), "copy-image", ADMIN, spare, uri=named),
    ]
    for status, answer in refusals:
        assert status == 400
        assert "takes no uri" in answer
    assert client.asked_to_import(staged, "glance-direct", ALICE, spare, uri=None)[0] == 202
    assert files(outside) == there


ODD_IDS = ("..", ".", "queue", "invalid", "a/b", "../../x", "%2e%2e", "a\nb")


def odd_state(url: str) -> bytes:
    """Return a snapshot with an image of each odd id, all in the cache of the server."""
    database = Database()
    location = {"url": "file://images/x", "metadata": {"store": "images"}, "status": "active"}
    database.node_reference_create(ROOT, url)
    for image_id in ODD_IDS:
        values = {"id": image_id, "status": "active", "owner": "demo", "size": len(SECRET)}
        database.image_create(ROOT, FORMATS | values | {"locations": [location]})
        database.insert_cache_details(ROOT, url, image_id, 5)
    return database.snapshot()


def test_an_id_that_is_a_path_leads_nowhere(tmp_path: Path) -> None:
    server = Server(tmp_path, "--port", str(free_port()))
    with server:
        (tmp_path / "x").write_bytes(SECRET)
        url = server.url
    server.snapshot.write_bytes(odd_state(url))
    data = tmp_path / "glance-data"
    (data / "images" / "x").write_bytes(SECRET)
    with (data / "cache" / "large").open("wb") as large:
        large.truncate(11 * 2**30)  # more than the cache may have
    with server:
        odd = set(ODD_IDS) - {"queue", "invalid"}  # which are names of files outside of the cache
        assert f"{len(odd)} images have ids that cannot be names of files" in server.printed
        status, pruned = server.request("/v2/cache/prune", ADMIN, method="POST")
        assert (status, json.loads(pruned)["total_files_pruned"]) == (200, len(ODD_IDS))
        statuses = {server.request("/v2/cache", ADMIN, method="DELETE")[0]}
        for image_id in ODD_IDS:
            quoted = quote(image_id, safe="")
            statuses |= {
                server.request(f"/v2/images/{quoted}/file", ADMIN)[0],
                server.request(f"/v2/cache/{quoted}", ADMIN, method="PUT")[0],
                server.request(f"/v2/cache/{quoted}", ADMIN, method="DELETE")[0],
                server.request(f"/v2/images/{quoted}", ADMIN, method="DELETE")[0],
            }
    assert max(statuses) < 500, statuses
    assert (tmp_path / "x").read_bytes() == SECRET
    assert {path.name for path in data.iterdir()} == {*DIRECTORIES}


# --- the life of a snapshot and its data --------------------------------------------------------


def stop(server: Server) -> None:
    assert server.stop(signal.SIGTERM) == 0


def served(directory: Path, name: str) -> Server:
    return Server(directory, "--snapshot", f"{name}.json")


def test_a_snapshot_moves_with_its_data_and_missing_data_is_reported(tmp_path: Path) -> None:
    with served(tmp_path, "one") as one:
        kept, gone = one.uploaded(b"kept"), one.uploaded(b"gone", name="gone")
        stop(one)
    (tmp_path / "one-data" / "cache").rename(tmp_path / "cache-of-one")
    data = tmp_path / "one-data" / "images"

    # a copy of the records alone
    shutil.copy(tmp_path / "one.json", tmp_path / "two.json")
    with served(tmp_path, "two") as two:
        assert "\n              2 images have no data in the data directory" in two.printed
        assert f"\n                {kept}: images has no data of it\n" in two.printed
        assert f"\n                {gone} ('gone'): images has no data of it\n" in two.printed
        assert download(two, kept)[0] == 404
        assert delete(two, kept) == 204
    assert (data / kept).read_bytes() == b"kept"

    # both have moved, with the absolute paths of earlier releases, whose place is another's now
    (data / gone).unlink()
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    (tmp_path / "one-data").rename(moved / "three-data")
    with Database.open(tmp_path / "one.json") as database:
        for image_id in (kept, gone):
            (location,) = database.image_get(ROOT, image_id)["locations"]
            absolute = {key: location[key] for key in ("id", "metadata", "status")}
            database.image_location_update(
                ROOT, image_id, absolute | {"url": f"file://{data}/{image_id}"}
            )
    (tmp_path / "one.json").rename(moved / "three.json")
    data.mkdir(parents=True)
    for image_id in (kept, gone):
        (data / image_id).write_bytes(SECRET)
    with served(moved, "three") as three:
        assert "1 images have no data in the data directory" in three.printed
        assert f"{kept}:" not in three.printed
        assert download(three, kept) == (200, "kept")
        assert download(three, gone)[0] == 404
        assert delete(three, kept) == 204
        assert delete(three, gone) == 204
    assert files(data) == dict.fromkeys([data / kept, data / gone], SECRET)
    assert not files(moved / "three-data" / "images")


# Every character that a path of configuration, a URL or a shell could trip over.
ODD = "-#a?b%20c$d$$ 'e' \"f\" [g] {h} ;i\\j é雪"


def flow(server: Server) -> list[str]:
    """Use every directory: upload, staging, imports into both stores, tasks and the cache."""
    ids = [server.uploaded(b"uploaded"), server.created()]
    path = f"/v2/images/{ids[1]}"
    assert server.put(f"{path}/stage", b"uploaded")[0] == 204
    for method, store, token in (
        ("glance-direct", "images", ALICE),
        ("copy-image", "spare", ADMIN),
    ):
        status, answer = server.asked_to_import(ids[1], method, token, (store,))
        assert status == 202, answer
        server.finished_tasks(ids[1])
        assert store in server.json(path, ALICE)["stores"]
    for image_id in ids:
        assert download(server, image_id) == (200, "uploaded")
    eventually(lambda: server.json("/v2/cache")["cached_images"], lambda images: len(images) == 2)
    return ids


def test_everything_works_in_a_directory_of_an_odd_name_and_is_for_the_owner_alone(
    tmp_path: Path,
) -> None:
    before = os.umask(0)
    try:
        server = Server(tmp_path, "--snapshot", "deep/glance.json", "--data-dir", ODD)
        with server:
            ids = flow(server)
            server.put(f"/v2/images/{server.created()}/stage", b"staged")
            stop(server)
    finally:
        os.umask(before)
    modes: dict[int, set[str]] = {}
    for path_ in [tmp_path / ODD, *(tmp_path / ODD).rglob("*"), *(tmp_path / "deep").rglob("*")]:
        kind = "directory" if path_.is_dir() else "file"
        modes.setdefault(path_.stat().st_mode & 0o777, set()).add(kind)
    assert modes == {0o700: {"directory"}, 0o600: {"file"}}
    assert {path.name for path in (tmp_path / ODD / "images").iterdir()} == {*ids}
    assert [path.read_bytes() for path in (tmp_path / ODD / "staging").iterdir()] == [b"staged"]
    # No part of the name was taken for a directory of another.
    known = {ODD, "deep", "server.log", "server.out", ".cache"}
    assert {path.name for path in tmp_path.iterdir()} <= known


def test_the_server_of_the_fixture_works_in_a_directory_of_an_odd_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    (tmp_path / ODD).mkdir()
    server = GlanceServer(tmp_path / ODD)
    try:
        flow(Shared(server))
    finally:
        server._stop()  # noqa: SLF001 - as the plugin does


def test_an_import_that_fails_leaves_nothing_in_the_directory(
    server: GlanceServer, client: Server
) -> None:
    with Source() as source:
        image_id = client.created()
        client.asked_to_import(image_id, "web-download", uri=f"{source.url}/missing")
        assert {task["status"] for task in client.finished_tasks(image_id)} == {"failure"}
    assert not files(server.data_dir)


@pytest.mark.parametrize("note", ["os_glance_stage_host", "os_glance_hash_op_host"])
def test_no_request_is_forwarded_to_a_host_that_an_image_names(
    server: GlanceServer, client: Server, note: str
) -> None:
    seed = Database()
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        url = f"http://127.0.0.1:{elsewhere.getsockname()[1]}"
        image = {"id": "staged", "status": "uploading", "owner": "demo", **FORMATS}
        seed.image_create(ROOT, image | {"properties": {note: url}})
        server.restore(seed.snapshot())
        status, _ = client.request("/v2/images/staged", ALICE, method="DELETE")
        assert status == 204
        with pytest.raises(BlockingIOError):  # nobody has connected
            elsewhere.accept()
    assert client.request("/v2/images/staged", ALICE)[0] == 404

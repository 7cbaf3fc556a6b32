"""What Glance does behind an answer: imports, tasks, metadata definitions and the cache."""

import hashlib
import json
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simple_db import Database, RequestContext
from simple_db.installed import glance_release
from tests.support.serving import (
    ADMIN,
    ALICE,
    BOB,
    CONTENT,
    FORMATS,
    JSON,
    PATIENCE,
    Server,
    Source,
    eventually,
)

pytestmark = pytest.mark.glance

LOGIN = "lodger:letmein"
SIGNATURE = "sig=tale-telling"


@pytest.fixture
def source() -> Iterator[Source]:
    with Source() as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server")) as running:
        yield running


def finished_task(server: Server, image_id: str) -> Any:
    """Return the one task of an image when it has ended."""
    (task,) = server.finished_tasks(image_id)
    return task


def assert_whole(server: Server, image_id: str, stores: set[str]) -> None:
    """Check that the image has the data, in these stores, under its three names."""
    image = server.json(f"/v2/images/{image_id}", ALICE)
    assert (image["status"], image["size"]) == ("active", len(CONTENT))
    assert image["checksum"] == hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    assert image["os_hash_value"] == hashlib.sha512(CONTENT).hexdigest()
    assert set(image["stores"].split(",")) == stores
    for store in stores:
        assert (server.directory / "glance-data" / store / image_id).read_bytes() == CONTENT
    assert not list((server.directory / "glance-data" / "staging").iterdir())


# --- imports ---------------------------------------------------------------------------------


def test_three_ways_to_import_and_two_stores_are_listed(server: Server) -> None:
    methods = server.json("/v2/info/import")["import-methods"]["value"]
    assert set(methods) == {"glance-direct", "web-download", "copy-image"}
    stores = {
        store["id"]: store.get("default") for store in server.json("/v2/info/stores")["stores"]
    }
    assert stores == {"images": "true", "spare": None}


@pytest.mark.parametrize("stores", [(), ("images", "spare")])
def test_an_image_is_downloaded_from_a_high_port_of_this_machine(
    server: Server, source: Source, stores: tuple[str, ...]
) -> None:
    image_id = server.created()
    uri = f"{source.url}/image"
    assert server.asked_to_import(image_id, "web-download", stores=stores, uri=uri)[0] == 202
    assert finished_task(server, image_id)["status"] == "success"
    assert_whole(server, image_id, set(stores or ["images"]))


def test_staged_data_becomes_the_data_of_the_image(server: Server) -> None:
    image_id = server.created()
    path = f"/v2/images/{image_id}/stage"
    assert server.put(path, CONTENT)[0] == 204
    assert server.json(f"/v2/images/{image_id}", ALICE)["status"] == "uploading"
    assert server.asked_to_import(image_id, "glance-direct")[0] == 202
    assert finished_task(server, image_id)["status"] == "success"
    assert_whole(server, image_id, {"images"})


def test_an_image_is_copied_to_the_other_store_and_survives_the_loss_of_the_first(
    server: Server,
) -> None:
    image_id = server.uploaded()
    assert server.asked_to_import(image_id, "copy-image", ADMIN, stores=("spare",))[0] == 202
    assert finished_task(server, image_id)["status"] == "success"
    assert_whole(server, image_id, {"images", "spare"})

    gone = server.request(f"/v2/stores/images/{image_id}", ADMIN, method="DELETE")
    assert gone[0] == 204, gone
    assert_whole(server, image_id, {"spare"})
    assert not (server.directory / "glance-data" / "images" / image_id).exists()


def test_the_clients_import_an_image(server: Server, source: Source) -> None:
    image_id = server.created()
    options = ("--import-method", "web-download", "--uri", f"{source.url}/image")
    server.glance(ALICE, "image-import", *options, image_id)
    assert finished_task(server, image_id)["status"] == "success"
    assert_whole(server, image_id, {"images"})

    image_id = server.created()
    options = ("--method", "web-download", "--uri", f"{source.url}/image")
    server.openstack(ALICE, "image", "import", *options, image_id)
    assert finished_task(server, image_id)["status"] == "success"
    assert_whole(server, image_id, {"images"})


def test_a_download_of_nothing_leaves_the_image_queued_and_the_task_failed(
    server: Server, source: Source
) -> None:
    image_id = server.created()
    server.asked_to_import(image_id, "web-download", uri=f"{source.url}/missing")
    assert finished_task(server, image_id)["status"] == "failure"
    image = server.json(f"/v2/images/{image_id}", ALICE)
    assert (image["status"], image["os_glance_failed_import"]) == ("queued", "images")


@pytest.mark.parametrize(
    "uri",
    [
        "http://192.0.2.1/image",
        "http://127.0.0.2:8000/image",
        "file:///etc/passwd",
        "ftp://localhost/",
    ],
)
def test_no_other_host_and_no_other_scheme_is_downloaded_from(server: Server, uri: str) -> None:
    image_id = server.created()
    status, body = server.asked_to_import(image_id, "web-download", uri=uri)
    assert status == 400
    assert "does not pass filtering" in body
    assert server.json(f"/v2/images/{image_id}/tasks")["tasks"] == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [("glance-direct", "staged"), ("copy-image", "active"), ("levitate", "levitate")],
)
def test_an_import_that_cannot_be_is_refused_with_the_reason(
    server: Server, name: str, reason: str
) -> None:
    status, body = server.asked_to_import(server.created(), name)
    assert status in {400, 409}
    assert reason in body


def test_a_second_import_of_an_image_is_refused_while_the_first_runs(
    server: Server, source: Source
) -> None:
    image_id = server.created()
    uri = f"{source.url}/slow"
    assert server.asked_to_import(image_id, "web-download", uri=uri)[0] == 202
    assert source.asked.wait(PATIENCE)
    assert server.asked_to_import(image_id, "web-download", uri=uri)[0] == 409
    source.go_on.set()
    assert finished_task(server, image_id)["status"] == "success"
    assert_whole(server, image_id, {"images"})


def test_no_secret_of_a_url_is_logged_whether_the_download_succeeds_or_not(
    server: Server, source: Source
) -> None:
    host = source.url.removeprefix("http://")
    # Nobody listens on port 1.
    for place in (f"{host}/image", f"{host}/missing", "127.0.0.1:1/image", "192.0.2.1/image"):
        image_id = server.created()
        uri = f"http://{LOGIN}@{place}?{SIGNATURE}"
        status, _ = server.asked_to_import(image_id, "web-download", uri=uri)
        if status == 202:
            finished_task(server, image_id)
    logged = server.log.read_text()
    assert " http://***@127.0.0.1:1/image?sig=***" in logged
    assert not any(secret in logged for secret in (*LOGIN.split(":"), SIGNATURE))


def test_where_another_host_is_named_this_machine_is_not_downloaded_from(
    source: Source, tmp_path: Path
) -> None:
    with Server(tmp_path, "--download-from", "192.0.2.1") as server:
        uri = f"{source.url}/image"
        assert server.asked_to_import(server.created(), "web-download", uri=uri)[0] == 400


def test_a_server_for_others_downloads_from_its_own_machine_only_where_that_is_named(
    source: Source, tmp_path: Path
) -> None:
    uri = f"{source.url}/image"
    with Server(tmp_path, "--allow-remote") as server:
        assert server.asked_to_import(server.created(), "web-download", uri=uri)[0] == 400
    with Server(tmp_path, "--allow-remote", "--download-from", "127.0.0.1") as server:
        image_id = server.created()
        assert server.asked_to_import(image_id, "web-download", uri=uri)[0] == 202
        assert finished_task(server, image_id)["status"] == "success"
        assert_whole(server, image_id, {"images"})


def test_a_stop_waits_for_the_imports_that_run(source: Source, tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        image_id = server.created()
        server.asked_to_import(image_id, "web-download", uri=f"{source.url}/slow")
        assert source.asked.wait(PATIENCE)
        threading.Timer(0.5, source.go_on.set).start()
        assert server.stop(signal.SIGTERM) == 0
    assert source.go_on.is_set()
    assert (tmp_path / "glance-data" / "images" / image_id).read_bytes() == CONTENT
    database = Database()
    database.load(server.snapshot)
    database.check()
    admin = RequestContext(is_admin=True)
    assert database.image_get(admin, image_id)["status"] == "active"
    assert {task["status"] for task in database.task_get_all(admin)} == {"success"}


@pytest.mark.parametrize("again", [True, False], ids=["at a second signal", "after a while"])
def test_a_stop_gives_up_a_download_that_hangs_and_saves(tmp_path: Path, again: bool) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        Server(tmp_path, "--save", "exit") as server,
    ):
        image_id = server.created()
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        server.asked_to_import(image_id, "web-download", uri=uri)
        asking, _ = silent.accept()
        with asking:
            server.signal(signal.SIGTERM)
            eventually(server.log.read_text, lambda log: "stop again to end them now" in log)
            code = server.stop(signal.SIGINT) if again else server.ended()
    assert code == (130 if again else 0)
    database = Database()
    database.load(server.snapshot)
    assert database.image_get(RequestContext(is_admin=True), image_id)


# --- tasks -----------------------------------------------------------------------------------


def test_an_import_is_a_task_with_its_input_and_its_result(server: Server, source: Source) -> None:
    image_id = server.created()
    uri = f"{source.url}/image"
    server.asked_to_import(image_id, "web-download", uri=uri)
    finished = finished_task(server, image_id)
    task = server.json(f"/v2/tasks/{finished['id']}")
    assert (task["type"], task["status"]) == ("api_image_import", "success")
    assert task["input"]["import_req"]["method"] == {"name": "web-download", "uri": uri}
    assert task["result"] == {"image_id": image_id}
    assert task["expires_at"] > task["updated_at"]


def test_tasks_are_listed_in_pages_and_to_administrators_only(
    server: Server, source: Source
) -> None:
    for _ in range(3):
        image_id = server.created()
        server.asked_to_import(image_id, "web-download", uri=f"{source.url}/image")
        finished_task(server, image_id)

    ids, path = [], "/v2/tasks?limit=2"
    while path:
        page = server.json(path)
        ids += [task["id"] for task in page["tasks"]]
        path = page.get("next", "")
    everything = server.json("/v2/tasks?limit=1000")["tasks"]
    assert ids == [task["id"] for task in everything]
    assert len(set(ids)) == len(ids) >= 3
    assert server.request("/v2/tasks", BOB)[0] == 403


def test_a_task_that_is_created_runs_to_its_end(server: Server, source: Source) -> None:
    # With a file that is there its end depends on whether the machine has qemu-img.
    task_input = {
        "import_from": f"{source.url}/missing",
        "import_from_format": "raw",
        "image_properties": {"name": "by task", **FORMATS},
    }
    status, body = server.post("/v2/tasks", {"type": "import", "input": task_input}, ADMIN)
    assert status == 201, body
    task = eventually(
        lambda: server.json(f"/v2/tasks/{json.loads(body)['id']}"),
        lambda task: task["status"] in {"success", "failure"},
    )
    assert (task["status"], task["input"]) == ("failure", task_input)
    assert task["message"]
    assert server.json("/v2/images?name=by%20task")["images"] == []


def test_a_task_that_is_not_there_is_404(server: Server) -> None:
    status, _ = server.request("/v2/tasks/11111111-1111-1111-1111-111111111111")
    assert status == 404


# --- metadata definitions --------------------------------------------------------------------


def test_a_namespace_is_made_with_all_that_is_in_it_and_removed_again(server: Server) -> None:
    colour = {"title": "Colour", "type": "string", "enum": ["red", "blue"]}
    namespace = {
        "namespace": "OS::Paint",
        "visibility": "public",
        "properties": {"colour": colour},
        "objects": [{"name": "wall", "properties": {"colour": colour}}],
        "tags": [{"name": "wet"}],
        "resource_type_associations": [{"name": "OS::Glance::Image", "prefix": "paint_"}],
    }
    status, body = server.post("/v2/metadefs/namespaces", namespace, ADMIN)
    assert status == 201, body

    shown = server.json("/v2/metadefs/namespaces/OS::Paint", ALICE)
    assert shown["properties"]["colour"]["enum"] == ["red", "blue"]
    assert [each["name"] for each in shown["objects"]] == ["wall"]
    assert [each["name"] for each in shown["tags"]] == ["wet"]
    assert [each["name"] for each in shown["resource_type_associations"]] == ["OS::Glance::Image"]
    listed = server.json("/v2/metadefs/namespaces?resource_types=OS::Glance::Image", ALICE)
    assert [each["namespace"] for each in listed["namespaces"]] == ["OS::Paint"]
    types = server.json("/v2/metadefs/resource_types", ALICE)["resource_types"]
    assert "OS::Glance::Image" in {each["name"] for each in types}

    again, body = server.post("/v2/metadefs/namespaces", {"namespace": "OS::Paint"}, ADMIN)
    assert again == 409, body
    path = "/v2/metadefs/namespaces/OS::Paint"
    assert server.request(path, ADMIN, method="DELETE")[0] == 204
    assert server.request(path, ADMIN)[0] == 404


def test_the_parts_of_a_namespace_are_changed_one_by_one(server: Server) -> None:
    status, body = server.post("/v2/metadefs/namespaces", {"namespace": "OS::Parts"}, ADMIN)
    assert status == 201, body
    parts = "/v2/metadefs/namespaces/OS::Parts"
    size = {"name": "size", "title": "Size", "type": "integer"}
    assert server.post(f"{parts}/properties", size, ADMIN)[0] == 201
    assert server.post(f"{parts}/objects", {"name": "box", "properties": {}}, ADMIN)[0] == 201
    assert server.request(f"{parts}/tags/big", ADMIN, method="POST")[0] == 201
    body = json.dumps(size | {"title": "Width"})
    changed = server.request(
        f"{parts}/properties/size", ADMIN, method="PUT", data=body.encode(), headers=JSON
    )
    assert changed[0] == 200, changed
    assert server.json(f"{parts}/properties/size", ADMIN)["title"] == "Width"
    assert server.request(f"{parts}/objects/box", ADMIN, method="DELETE")[0] == 204
    assert server.json(f"{parts}/objects", ADMIN)["objects"] == []
    assert server.json(f"{parts}/tags", ADMIN)["tags"][0]["name"] == "big"


# --- cache -----------------------------------------------------------------------------------


# Glance 31 and 32 do not answer which nodes have an image, and their API does not clean nor prune.
IS_33 = glance_release.release() >= "33"


def assert_cached_here(server: Server, image_id: str) -> None:
    if IS_33:
        assert server.json(f"/v2/cache/nodes/{image_id}") == [server.url]


def cached(server: Server) -> dict[str, Any]:
    """Return the images in the cache by id."""
    return {each["image_id"]: each for each in server.json("/v2/cache")["cached_images"]}


def test_what_is_downloaded_is_answered_from_the_cache_the_next_time(server: Server) -> None:
    image_id = server.uploaded()
    path = f"/v2/images/{image_id}/file"
    assert image_id not in cached(server)
    server.glance(ALICE, "image-download", "--file", server.directory / "first", image_id)
    entry = eventually(lambda: cached(server), lambda images: image_id in images)[image_id]
    assert (entry["size"], entry["hits"]) == (len(CONTENT), 0)
    assert_cached_here(server, image_id)

    # Without the file of the store only the cache can answer.
    (server.directory / "glance-data" / "images" / image_id).unlink()
    server.glance(ALICE, "image-download", "--file", server.directory / "second", image_id)
    assert (server.directory / "second").read_bytes() == CONTENT
    assert cached(server)[image_id]["hits"] == 1
    assert server.request(path, BOB)[0] == 404


def test_the_cache_is_there_again_after_a_start_on_another_port(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        image_id = server.uploaded()
        assert server.request(f"/v2/cache/{image_id}", method="PUT", data=b"")[0] == 202
        eventually(lambda: cached(server), lambda images: image_id in images)
        assert server.stop(signal.SIGTERM) == 0
        before = server.url
        with socket.create_server(("127.0.0.1", int(before.rpartition(":")[2]))):
            server.start()
        assert server.url != before
        assert image_id in cached(server)
        assert_cached_here(server, image_id)
        assert server.request(f"/v2/cache/{image_id}", method="DELETE")[0] == 204
        assert cached(server) == {}


def test_an_image_that_cannot_be_cached_is_one_line_and_the_next_one_is_cached(
    server: Server,
) -> None:
    lost, good = server.uploaded(), server.uploaded()
    (server.directory / "glance-data" / "images" / lost).unlink()
    before = len(server.log.read_text())
    for image_id in (lost, good):
        assert server.request(f"/v2/cache/{image_id}", method="PUT", data=b"")[0] == 202
    eventually(lambda: cached(server), lambda images: good in images)
    logged = server.log.read_text()[before:]
    (line,) = (line for line in logged.splitlines() if "is not copied to the cache" in line)
    assert f"Image {lost} " in line
    assert "Traceback" not in logged


def test_an_image_is_cached_when_that_is_asked_for_and_forgotten_likewise(server: Server) -> None:
    image_id = server.uploaded()
    path = f"/v2/cache/{image_id}"
    assert server.request(path, ALICE, method="PUT")[0] == 403
    assert server.request(path, ADMIN, method="PUT")[0] == 202
    eventually(lambda: cached(server), lambda images: image_id in images)
    assert (server.directory / "glance-data" / "cache" / image_id).read_bytes() == CONTENT

    assert server.request(path, ADMIN, method="DELETE")[0] == 204
    assert image_id not in cached(server)
    assert not (server.directory / "glance-data" / "cache" / image_id).exists()


def test_the_cache_is_cleaned_pruned_and_cleared(server: Server) -> None:
    image_id = server.uploaded()
    server.request(f"/v2/cache/{image_id}", ADMIN, method="PUT")
    eventually(lambda: cached(server), lambda images: image_id in images)
    if IS_33:
        assert server.request("/v2/cache/clean", ADMIN, method="POST")[0] == 200
        status, body = server.request("/v2/cache/prune", ADMIN, method="POST")
        assert (status, json.loads(body)["total_files_pruned"]) == (200, 0)
    assert server.request("/v2/cache", ADMIN, method="DELETE")[0] == 204
    assert cached(server) == {}


def test_the_cache_is_there_again_after_a_stop_and_a_start(tmp_path: Path) -> None:
    server = Server(tmp_path)
    with server:
        image_id = server.uploaded()
        server.request(f"/v2/cache/{image_id}", ADMIN, method="PUT")
        before = eventually(lambda: cached(server), lambda images: image_id in images)
        port = server.url.rpartition(":")[2]
        assert server.stop(signal.SIGTERM) == 0
    with Server(tmp_path, "--port", port) as again:
        assert cached(again) == before
        path = f"/v2/images/{image_id}"
        assert again.request(path, ALICE, method="DELETE")[0] == 204
        assert cached(again) == {}

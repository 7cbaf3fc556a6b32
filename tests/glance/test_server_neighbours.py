"""What a running server lets its neighbours do: web pages, other machines, its own callers."""

import http.client
import json
import random
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.serving import ADMIN, ALICE, CONTENT, FORMATS, JSON, Server, Source

pytestmark = pytest.mark.glance

FRONT_END = "http://localhost:3000"
FOREIGN = "http://evil.example"
TEXT = {"Content-Type": "text/plain"}
KIB = 2**10


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    options = ("--allow-host", "glance.example", "--allow-origin", FRONT_END)
    with Server(tmp_path_factory.mktemp("server"), *options) as running:
        yield running


def asked(
    server: Server, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> http.client.HTTPResponse:
    """Return the answer to a request with just these headers, read already."""
    where = urlsplit(server.url)
    connection = http.client.HTTPConnection(where.netloc, timeout=60)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        answer.content = answer.read()  # type: ignore[attr-defined] # for the tests
        return answer
    finally:
        connection.close()


# --- hosts and pages -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/healthcheck", "/versions", "/v2/images", "/v2/schemas/image"]
)
def test_another_host_is_refused_before_anything_else_is_asked(server: Server, path: str) -> None:
    assert asked(server, "GET", path, {"Host": "evil.example"}).status == 421
    assert (
        asked(server, "GET", path, {"Host": "evil.example", "X-Forwarded-Host": "x"}).status == 421
    )
    assert asked(server, "GET", path, {"Host": "GLANCE.example:80"}).status in {200, 300}


def test_a_forwarded_host_names_nothing_in_an_answer(server: Server) -> None:
    headers = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    assert b"evil" not in asked(server, "GET", "/", headers).content  # type: ignore[attr-defined] # see above


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v2/images"),
        ("POST", "/v2/tasks"),
        ("POST", "/v2/images/x/import"),
        ("PUT", "/v2/images/x/file"),
        ("PATCH", "/v2/images/x"),
        ("DELETE", "/v2/images/x"),
        ("DELETE", "/v2/cache"),
    ],
)
def test_a_foreign_page_changes_nothing(server: Server, method: str, path: str) -> None:
    before = server.json("/v2/images", ADMIN)
    body = json.dumps(FORMATS).encode()

    for headers in ({"Origin": FOREIGN}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert asked(server, method, path, TEXT | headers, body).status == 403
    assert server.json("/v2/images", ADMIN) == before


def test_a_foreign_page_reads_nothing(server: Server) -> None:
    answer = asked(server, "GET", "/v2/images", {"Origin": FOREIGN})
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] is None


@pytest.mark.parametrize("method", ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"])
def test_a_page_of_an_allowed_origin_may_ask_before_it_sends_what_clients_send(
    server: Server, method: str
) -> None:
    wished = "content-type,x-auth-token,x-image-meta-store,x-openstack-image-size,range"
    headers = {
        "Origin": FRONT_END,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": wished,
    }
    answer = asked(server, "OPTIONS", "/v2/images", headers)

    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == FRONT_END
    assert answer.headers["Access-Control-Allow-Methods"] == method
    assert answer.headers["Access-Control-Allow-Headers"] == wished
    foreign = asked(server, "OPTIONS", "/v2/images", headers | {"Origin": FOREIGN})
    assert foreign.headers["Access-Control-Allow-Origin"] is None


def test_a_page_of_an_allowed_origin_changes_and_reads(server: Server) -> None:
    headers = JSON | {"Origin": FRONT_END, "Sec-Fetch-Site": "cross-site"}
    answer = asked(server, "POST", "/v2/images", headers, json.dumps(FORMATS).encode())

    assert answer.status == 201
    assert answer.headers["Access-Control-Allow-Origin"] == FRONT_END
    assert "Location" in answer.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    ("option", "bad"),
    [("--allow-host", "http://x"), ("--allow-origin", "*"), ("--allow-origin", "localhost:3000")],
)
def test_what_is_no_host_and_no_origin_stops_the_start(
    tmp_path: Path, option: str, bad: str
) -> None:
    with pytest.raises(AssertionError, match="a host or origin to allow"):
        Server(tmp_path, option, bad).start()


# --- sources ---------------------------------------------------------------------------------


def test_nobody_imports_from_the_server_itself(server: Server) -> None:
    port = urlsplit(server.url).port
    image_id = server.created()

    for host in (
        *("127.0.0.1", "user@127.0.0.1", "[::1]", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"),  # noqa: S104 - nobody listens here
    ):
        status, body = server.asked_to_import(
            image_id, "web-download", uri=f"http://{host}:{port}/v2/images"
        )
        assert status == 400
        assert "does not pass filtering" in body
    assert server.json(f"/v2/images/{image_id}/tasks")["tasks"] == []
    assert "it is this server itself" in server.log.read_text()


def test_a_redirect_to_the_server_itself_is_not_followed(server: Server) -> None:
    image_id = server.created()
    with Source() as source:
        target = f"{server.url}/v2/images"
        assert (
            server.asked_to_import(
                image_id, "web-download", uri=f"{source.url}/elsewhere?{target}"
            )[0]
            == 202
        )
        (task,) = server.finished_tasks(image_id)
    assert task["status"] == "failure"
    assert server.json(f"/v2/images/{image_id}")["status"] == "queued"


# --- a full disk -----------------------------------------------------------------------------


def test_a_full_disk_is_one_line_and_leaves_the_server_at_work(tmp_path: Path) -> None:
    with Server(tmp_path, "--save", "always") as server:
        image_id = server.created(name="before")
        server.limit_files(64 * KIB)
        note = random.Random(1).randbytes(40 * KIB).hex()  # noqa: S311 - no secret
        status, body = server.post("/v2/images", FORMATS | {"name": "too much", "note": note})
        assert status == 507
        assert "File too large" in body
        path = f"/v2/images/{image_id}/file"
        assert server.put(path, CONTENT[: 100 * KIB])[0] == 413  # as Glance has it
        assert server.put(path, CONTENT)[0] == 507
        server.created(name="after")
        listed = server.json("/v2/images", ALICE)["images"]
        assert sorted(image["name"] for image in listed) == ["after", "before"]
        assert [image["status"] for image in listed] == ["queued"] * 2
        assert "Traceback" not in server.log.read_text()

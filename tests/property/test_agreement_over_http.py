"""Glance's application on simple_db answers as on Glance's SQL driver: random requests to both.

A failure shows a program that is as short as leaving out one request after the other makes it. How
many requests are made is said by the environment variable HTTP_REQUESTS; 10,000 take about seven
minutes.
"""

from __future__ import annotations

import json
import math
import os
import urllib.parse
from typing import TYPE_CHECKING

import pytest

from tests.http.pair import Sides, both_sides, disagreement
from tests.http.programs import Maker
from tests.http.requests import Request
from tests.http.values import IMAGES

if TYPE_CHECKING:
    from collections.abc import Iterator


pytestmark = pytest.mark.glance

LENGTH = 100
"""Requests of a program, which begins with nothing there."""

READS = {"GET", "HEAD"}

REQUESTS = int(os.environ.get("HTTP_REQUESTS", "500"))


def quoted(member: object) -> str:
    return urllib.parse.quote(str(member), safe="")


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    with both_sides(tmp_path_factory.mktemp("http")) as both:
        yield both


@pytest.mark.parametrize(
    "path",
    [
        *(
            f"/v2/tasks?{column}={time}"
            for column in ("created_at", "updated_at", "expires_at", "deleted_at")
            for time in ("2026-01-01T12:00:00Z", "soon", "")
        ),
        "/v2/tasks?status=success&status=pending",
        "/v2/images?visibility=community&visibility=all",
        "/v2/images?visibility=public&visibility=public",
        "/v2/images?name=one&name=two",
        "/v2/images?checksum=x&checksum=y",
        "/v2/images?os_hidden=true&os_hidden=false&protected=true&protected=false",
        "/v2/images?tag=red&tag=blue",
        "/v2/images?colour=blue&colour=red&size_min=1&size_min=0",
        "/v2/metadefs/namespaces?resource_types=x&sort_key=junk",
        "/v2/metadefs/namespaces?resource_types=x&limit=0",
        "/v2/metadefs/namespaces?visibility=private&visibility=public",
    ],
)
def test_what_the_driver_answers_simple_db_answers(sides: Sides, path: str) -> None:
    sides.reset()
    maker = Maker(0)
    for turn in range(1, 20):
        sides.answers(maker.request(turn))
    request = Request(20, "GET", path, {"Host": "glance.example"})
    theirs, ours = sides.answers(request)

    assert theirs.status == 200
    assert disagreement(request, theirs, ours) is None


@pytest.mark.parametrize(
    "member", ["lab", 5, True, 1.5, 1e300, -0.5, math.inf, ["lab"], {"member": "lab"}, "lab\0"]
)
def test_a_member_of_whatever_kind_is_answered_as_on_the_sql_driver(
    sides: Sides, member: object
) -> None:
    sides.reset()
    image = {"id": IMAGES[0], "name": "one", "visibility": "shared"}
    members = f"/v2/images/{IMAGES[0]}/members"
    statuses = []
    for turn, (method, path, body) in enumerate(
        [
            ("POST", "/v2/images", json.dumps(image)),
            ("POST", members, json.dumps({"member": member})),
            ("GET", members, ""),
            ("PUT", f"{members}/{quoted(member)}", json.dumps({"status": "accepted"})),
            ("GET", f"{members}/{quoted(member)}", ""),
        ]
    ):
        headers = {"Content-Type": "application/json", "Host": "glance.example"}
        request = Request(turn, method, path, headers, body.encode())
        theirs, ours = sides.answers(request)
        assert disagreement(request, theirs, ours) is None
        assert ours.status < 500
        statuses.append(theirs.status)
    assert statuses[:2] == [201, 500 if isinstance(member, (list, dict)) else 200]


@pytest.mark.parametrize("seed", range(max(1, REQUESTS // LENGTH)))
def test_the_application_answers_on_simple_db_as_on_the_sql_driver(sides: Sides, seed: int) -> None:
    program: list[Request] = []
    maker = Maker(seed)
    sides.reset()
    for turn in range(1, LENGTH + 1):
        request = maker.request(turn)
        program.append(request)
        theirs, ours = sides.answers(request)
        if disagreement(request, theirs, ours):
            pytest.fail(told(sides, shortest(sides, program)))
        if theirs.status != ours.status and request.method not in READS:
            return  # one has failed, and may have left half of a change
        maker.learn(theirs)


def differs(sides: Sides, program: list[Request]) -> bool:
    """Tell whether the answers to the last request of a program disagree."""
    sides.reset()
    for request in program[:-1]:
        sides.answers(request)
    return disagreement(program[-1], *sides.answers(program[-1])) is not None


def shortest(sides: Sides, program: list[Request]) -> list[Request]:
    """Leave out every request without which the answers to the last one still disagree."""
    for request in program[-2::-1]:
        without = [kept for kept in program if kept is not request]
        if differs(sides, without):
            program = without
    return program


def told(sides: Sides, program: list[Request]) -> str:
    """Return what a person needs to see of a program, and of the answers to its last request."""
    sides.reset()
    for request in program[:-1]:
        sides.answers(request)
    theirs, ours = sides.answers(program[-1])
    lines = [
        f"{request.method} {request.path} {dict(request.headers)} {request.body!r}"
        for request in program
    ]
    answers = [f"SQL driver: {theirs}", f"simple_db:  {ours}"]
    return "\n".join([*lines, f"{disagreement(program[-1], theirs, ours)}", *answers])

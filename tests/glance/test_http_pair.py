import json
from typing import Any

import pytest

from tests.http.pair import disagreement
from tests.http.requests import Answer, Request

IMAGE = "00000000-0000-4000-8000-000000000005"
REQUEST = Request(1, "GET", f"/v2/images/{IMAGE}?name=One&tag=red")


def answer(status: int = 200, content: Any = None, **headers: str) -> Answer:
    return Answer(status, headers, json.dumps(content).encode())


@pytest.mark.parametrize(
    ("theirs", "ours", "how"),
    [
        (answer(200), answer(204), "status"),
        (answer(200), answer(500), "status"),
        (answer(404), answer(200), "status"),
        (answer(201, Location="/a"), answer(201, Location="/b"), "headers"),
        (answer(201, Location="/a"), answer(201), "headers"),
        (answer(content={"name": "a"}), answer(content={"name": "b"}), "body"),
        (answer(content={"images": [1, 2]}), answer(content={"images": [2, 1]}), "body"),
        (answer(content={"objects": [1, 2]}), answer(content={"objects": [1, 3]}), "body"),
        (answer(404, f"{IMAGE} of One"), answer(404, "it is not there"), "facts"),
        (answer(404, f"{IMAGE} of One"), answer(404, f"One has no {IMAGE}"), "facts"),
    ],
)
def test_answers_disagree_that_differ(theirs: Answer, ours: Answer, how: str) -> None:
    assert str(disagreement(REQUEST, theirs, ours)).startswith(how)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (answer(content={"a": 1, "b": 2}), answer(content={"b": 2, "a": 1})),
        (answer(content={"objects": [1, 2]}), answer(content={"objects": [2, 1]})),
        (answer(content={"objects": "none"}), answer(content={"objects": "none"})),
        (answer(404, f"{IMAGE} of One"), answer(404, f"no {IMAGE}, where One is asked for")),
        (answer(500, "leaked"), answer(400, "refused")),
        (answer(500, "leaked"), answer(200, "done")),
    ],
)
def test_answers_agree_that_mean_the_same(theirs: Answer, ours: Answer) -> None:
    assert disagreement(REQUEST, theirs, ours) is None

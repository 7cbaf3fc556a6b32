from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from simple_db import Database
from simple_db.oracle.emission.fixtures import Fixture
from simple_db.oracle.emission.races import emitted
from simple_db.oracle.programs.calls import Call, location_id, member_id
from simple_db.oracle.races.histories import record, record_in_turn
from simple_db.oracle.races.lanes import Race
from simple_db.oracle.races.linearizability import Refusal
from simple_db.oracle.races.search import Violation, search
from simple_db.oracle.report.result import Result
from simple_db.oracle.request import Request
from simple_db.oracle.run import written
from simple_db.oracle.targets.target import FAKE, DriverTarget, reference
from tests.support.faults_shown import api
from tests.support.golden_texts import assert_golden
from tests.support.pytest_runs import failed

OURS = "simple_db.api"

IMAGE = api.image_create("admin", {"id": "i", "status": "queued", "owner": "alice"})
RIVAL = api.image_create("admin", {"id": "j", "status": "queued"})
MEMBER = api.image_member_create("admin", {"image_id": "i", "member": "bob"})
BOB = member_id("i", "bob")
LEAVE = api.image_member_delete("admin", BOB)
GONE = api.image_member_delete("admin", member_id("i", "nobody"))
ACCEPT = api.image_member_update("admin", BOB, {"status": "accepted"})
PLACE = {"id": location_id("i", 0), "url": "a", "metadata": {}, "status": "active"}
MOVE = api.image_update("admin", "i", {"locations": [PLACE]})
TAGS, GET = api.image_tag_get_all("admin", "i"), api.image_get("alice", "i")
LOCK_A, LOCK_B = (api.image_set_property_atomic("i", "lock", value) for value in "ab")


class Late(Database):
    """Looks whether there is such an image, and creates it a moment later, over any other."""

    def image_create(self, context: Any, values: Any, v1_mode: bool = False) -> Any:
        is_there = self.image_get_all(context, {"id": values["id"]})
        time.sleep(0.001)
        if not is_there:
            self.purge(values["id"])
        return super().image_create(context, values, v1_mode)

    def purge(self, image_id: str) -> None:
        with self.store.writing() as tables:
            if tables.images.get(image_id):
                tables.images.remove(image_id)


late = Late()

LATE = f"{__name__}:late"


def violation(
    *lanes: tuple[Call, ...], prefix: tuple[Call, ...] = (IMAGE,), final: Any = ()
) -> Violation:
    race = Race(prefix, lanes, final)
    return Violation(race, record(race, reference()), Refusal((), ()), in_turn=False)


def run(text: str) -> None:
    """Run the test of the file on its target, with fewer runs than usual."""
    names: dict[str, Any] = {}
    exec(text.replace("RUNS = 300", "RUNS = 20"), names)  # noqa: S102 - it is our own
    [test] = [names[name] for name in names if name.startswith("test_")]
    test(names["target"]())


@pytest.mark.parametrize(
    "race",
    [
        violation((LOCK_A,), (LOCK_B,)),
        violation((LOCK_A, TAGS), (LOCK_B,), final=(TAGS, GET)),
        violation((IMAGE,), (IMAGE,), prefix=()),
        violation((TAGS,), (TAGS,), prefix=(MEMBER, IMAGE)),
        violation((LEAVE,), (ACCEPT,), prefix=(IMAGE, MEMBER)),
        violation((MOVE,), (LOCK_A,)),
    ],
)
def test_simple_db_passes_what_is_written(race: Violation) -> None:
    run(emitted(race, Fixture(OURS)).text)


@pytest.mark.parametrize(
    ("target", "lanes", "prefix"),
    [
        (LATE, [(RIVAL,), (RIVAL,)], ()),
        pytest.param(FAKE, [(LOCK_A,), (LOCK_B,)], (IMAGE,), marks=pytest.mark.glance),
    ],
)
def test_a_target_with_the_race_fails_what_is_written(
    target: str, lanes: list[tuple[Call, ...]], prefix: tuple[Call, ...]
) -> None:
    race = violation(*lanes, prefix=prefix)
    run(emitted(race, Fixture(OURS)).text)
    with pytest.raises(AssertionError):
        run(emitted(race, Fixture(target)).text)


@pytest.mark.parametrize(
    "driver", [OURS, pytest.param("simple_db.glance.api", marks=pytest.mark.glance)]
)
def test_a_race_that_is_found_is_a_file_that_fails_on_its_target_and_passes_on_the_reference(
    tmp_path: Path, driver: str
) -> None:
    target = DriverTarget(LATE, late)
    found = search(target, histories=30, lanes=2, functions={"image_create"})
    written(Result(Request(LATE), [], [], races=found), target, tmp_path)

    assert failed(tmp_path) == (1, 0)
    assert failed(tmp_path, DRIVER=driver) == (0, 1)


def test_a_whole_file_is_this_and_formatted(tmp_path: Path) -> None:
    """The row of the member is looked up once, and the second member has no row."""
    race = violation((LEAVE, GONE), (LEAVE,), prefix=(IMAGE, MEMBER), final=(GET,))
    # Threads meet by chance, so the history is one in turn.
    race = evolve(race, history=record_in_turn(race.race, reference()))
    text = emitted(race, Fixture("package.module:attribute")).text

    assert_golden(text, Path(__file__).with_name("golden") / "race.txt")
    path = tmp_path / "test_it.py"
    path.write_text(text)
    ruff = Path(sys.executable).with_name("ruff")
    command = [str(ruff), "format", "--isolated", "--check", str(path)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - ours

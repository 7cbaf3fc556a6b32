"""Results to report: one of agreement, and one with everything that a report can have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from simple_db.oracle.comparing.fingerprints import parse
from simple_db.oracle.comparing.signatures import SignatureDifference
from simple_db.oracle.findings.register import Entry
from simple_db.oracle.findings.search import Coverage, Findings
from simple_db.oracle.programs.calls import call
from simple_db.oracle.races.search import RaceFindings
from simple_db.oracle.report.result import Result
from simple_db.oracle.request import Request
from tests.support.broken import a_violation, broken_target, evidence_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from simple_db import Database
    from simple_db.oracle.findings.evidence import Evidence

GOLDEN = Path(__file__).with_name("golden")

AN_IMAGE = call(
    "image_create", "admin", values={"id": "image-1", "status": "active", "owner": "alice"}
)
GET = call("image_get", "admin", image_id="image-1")
LISTING = call("image_get_all", "admin")
STATUS = "image_get | returns / returns | status | "
NAME = "image_update | returns / returns | name | "
NO_TAGS = SignatureDifference("image_tag_create", "has no parameter value", "(value)", "(tag)")


def open_to_all(db: Database, _context: Any, image_id: str, **options: Any) -> Any:
    return db.image_get(None, image_id, **options)


def failing(*_args: Any, **_options: Any) -> Any:
    raise ValueError("no such thing")


def answering(change: Callable[[Any], Any]) -> Evidence:
    """Let image_get answer what the change makes of its answer."""

    def image_get(db: Database, context: Any, image_id: str, **options: Any) -> Any:
        return change(db.image_get(context, image_id, **options))

    return evidence_of(broken_target(image_get=image_get), AN_IMAGE, GET)


def of_visibility() -> Evidence:
    last = evolve(GET, context="stranger")
    return evidence_of(broken_target(image_get=open_to_all), AN_IMAGE, last)


def of_a_field() -> Evidence:
    return answering(lambda image: image | {"status": "killed"})


def findings(**known: int) -> Findings:
    found = Findings(programs=10, calls=1234, seconds=5.0)
    found.coverage[Coverage("image_create", "admin", "returns")] = 12
    found.coverage[Coverage("image_get", "stranger", "raises Forbidden")] = 345
    found.coverage[Coverage("image_tag_create", "", "returns")] = 1
    found.made.update({("image_get", ""): 9999, ("image_update", ""): 9999})
    found.statuses["active"] = 12
    found.known.update({parse(line): count for line, count in known.items()})
    return found


def a_result(*evidence: Evidence, **changes: Any) -> Result:
    request = Request("somebodys.driver", ops="images,tags", seed=7)
    return evolve(Result(request, (), evidence=evidence, findings=findings()), **changes)


def entry(line: str) -> Entry:
    return Entry((parse(line),), "accepted", "so it is")


def everything() -> Result:
    """Return a result with whatever a report can have."""
    update = call("image_update", "admin", image_id="image-1", values={"unknown": "1"})
    evidence = [
        of_visibility(),
        evolve(of_a_field(), repeated=False),
        answering(lambda image: {"id": image["id"]}),
        evidence_of(broken_target(image_get_all=lambda *_, **__: []), AN_IMAGE, LISTING),
        evidence_of(broken_target(image_get_all=failing), AN_IMAGE, LISTING),
        evidence_of(broken_target(image_update=failing), AN_IMAGE, update),
    ]
    paths = [Path(f"out/test_{number}.py") for number, _ in enumerate(evidence)]
    return a_result(
        *evidence,
        signatures=[NO_TAGS, evolve(NO_TAGS, what="requires a parameter tag")],
        findings=findings(**{STATUS: 1500}),
        known=[entry(STATUS), entry(NAME), entry("task_get | returns / returns | status | ")],
        races=RaceFindings(1000, (a_violation(), a_violation(in_turn=True))),
        paths=paths,
        unproven=paths[1:2],
        race_paths=[Path("out/test_race.py")],
    )

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from simple_db.model.errors import Forbidden
from simple_db.oracle.comparing.comparison import sides
from simple_db.oracle.comparing.outcomes import Moment, Returned
from simple_db.oracle.findings.evidence import explained, gathered
from simple_db.oracle.targets.target import reference
from tests.support.broken import broken_target, evidence_of
from tests.support.faults_shown import api

if TYPE_CHECKING:
    from simple_db import Database
    from simple_db.oracle.programs.calls import Call

AN_IMAGE = api.image_create("admin", {"id": "image-1", "status": "active", "owner": "alice"})
A_MEMBER = api.image_member_create("admin", {"image_id": "image-1", "member": "pending"})
RENAMED = api.image_update("admin", "image-1", {"name": "a"})
GET, LIST = api.image_get("stranger", "image-1"), api.image_get_all("stranger")


def renaming_nothing(db: Database, context: Any, image_id: str, values: Any, **_: Any) -> Any:
    """Answer as if the image had another name, and change only the time."""
    return db.image_update(context, image_id, {}) | values


def open_to_all(db: Database, _context: Any, image_id: str, **options: Any) -> Any:
    return db.image_get(None, image_id, **options)


def listing_all(db: Database, _context: Any, **options: Any) -> Any:
    return db.image_get_all(None, **options)


def forbidden(_db: Database, *_args: Any, **_options: Any) -> Any:
    raise Forbidden("no")


def wrong(_db: Database, *_args: Any, **_options: Any) -> Any:
    return 7


def test_times_are_counted_in_the_calls_of_the_program() -> None:
    evidence = evidence_of(broken_target(image_update=renaming_nothing), AN_IMAGE, RENAMED)

    assert evidence.repeated
    assert isinstance(evidence.divergence.expected, Returned)
    assert evidence.divergence.expected.value[0]["updated_at"] == Moment(1)
    assert [step.call for step in evidence.steps] == list(evidence.program)


def test_a_state_that_differs_only_when_it_is_read_has_the_reads_in_its_program() -> None:
    reads = []

    def spoilt_by_reads(db: Database, context: Any, **options: Any) -> Any:
        reads.append(context)
        images = db.image_get_all(context, **options)
        return [one | {"size": 7} if len(reads) > 1 else one for one in images]

    def reset(db: Database) -> None:
        reads.clear()
        db.reset()

    target = broken_target(image_get_all=spoilt_by_reads, reset=reset)
    read = evolve(LIST, context="admin")
    found = evidence_of(target, AN_IMAGE, read, RENAMED, read).divergence
    field = f"then image_get_all: {found.difference.field}"
    fingerprint = evolve(found.fingerprint, field=field)
    of_state = evolve(found, program=(AN_IMAGE, RENAMED, read), fingerprint=fingerprint)

    evidence = gathered(of_state, sides(reference(), target))

    assert evidence.program == (AN_IMAGE, read, RENAMED, read)
    assert evidence.repeated


def test_what_does_not_occur_again_stays_as_it_was() -> None:
    found = evidence_of(broken_target(image_get=open_to_all), AN_IMAGE, GET)

    again = gathered(found.divergence, sides(reference(), broken_target()))

    assert not again.repeated
    assert again.divergence == found.divergence


@pytest.mark.parametrize(
    ("function", "program"),
    [
        (open_to_all, (AN_IMAGE, A_MEMBER, GET)),
        (listing_all, (AN_IMAGE, A_MEMBER, LIST)),
        (open_to_all, (AN_IMAGE, AN_IMAGE, GET)),  # a call before may raise
        (forbidden, (AN_IMAGE, evolve(A_MEMBER, context="stranger"))),
        (forbidden, (AN_IMAGE, api.image_property_delete("stranger", "p", "image-1"))),
    ],
)
def test_a_divergence_in_who_sees_an_image_is_explained(
    function: Any, program: tuple[Call, ...]
) -> None:
    evidence = evidence_of(broken_target(**{program[-1].function: function}), *program)

    explanation = explained(evidence.divergence)

    assert explanation is not None
    assert explanation.subject == "image image-1, shared, owned by alice, for project stranger"
    assert not explanation.visible


@pytest.mark.parametrize(
    "program",
    [
        (GET,),
        (api.image_set_property_atomic("image-1", "p", "1"),),
        (AN_IMAGE, api.image_member_count("admin", "image-1")),
    ],
    ids=["no image", "no caller", "another question"],
)
def test_other_divergences_are_not_explained(program: tuple[Call, ...]) -> None:
    target = broken_target(**{program[-1].function: wrong})
    assert explained(evidence_of(target, *program).divergence) is None

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from simple_db.model.errors import Forbidden
from simple_db.oracle.comparing.comparison import sides
from simple_db.oracle.comparing.outcomes import Moment, Returned
from simple_db.oracle.findings.evidence import explained, gathered
from simple_db.oracle.programs.calls import Call, call
from simple_db.oracle.targets.target import reference
from tests.support.broken import broken_target, evidence_of

if TYPE_CHECKING:
    from simple_db import Database

AN_IMAGE = call(
    "image_create", "admin", values={"id": "image-1", "status": "active", "owner": "alice"}
)
A_MEMBER = call("image_member_create", "admin", values={"image_id": "image-1", "member": "pending"})
RENAMED = call("image_update", "admin", image_id="image-1", values={"name": "a"})


def get(context: str) -> Call:
    return call("image_get", context, image_id="image-1")


def renaming_nothing(db: Database, context: Any, image_id: str, values: Any, **_: Any) -> Any:
    """Answer as if the image had another name, and change only the time."""
    return db.image_update(context, image_id, {}) | values


def open_to_all(db: Database, _context: Any, image_id: str, **options: Any) -> Any:
    return db.image_get(None, image_id, **options)


def listing_all(db: Database, _context: Any, **options: Any) -> Any:
    return db.image_get_all(None, **options)


def test_times_are_counted_in_the_calls_of_the_program() -> None:
    evidence = evidence_of(broken_target(image_update=renaming_nothing), AN_IMAGE, RENAMED)

    assert evidence.repeated
    assert isinstance(evidence.divergence.expected, Returned)
    assert evidence.divergence.expected.value[0]["updated_at"] == Moment(1)
    assert [step.call for step in evidence.steps] == list(evidence.program)


def test_a_state_that_differs_only_when_it_is_looked_at_has_the_looks_in_its_program() -> None:
    looks = []

    def spoilt_by_looks(db: Database, context: Any, **options: Any) -> Any:
        looks.append(context)
        images = db.image_get_all(context, **options)
        return [one | {"size": 7} if len(looks) > 1 else one for one in images]

    def reset(db: Database) -> None:
        looks.clear()
        db.reset()

    target = broken_target(image_get_all=spoilt_by_looks, reset=reset)
    look = call("image_get_all", "admin")
    found = evidence_of(target, AN_IMAGE, look, RENAMED, look)
    field = f"then image_get_all: {found.divergence.difference.field}"
    of_state = evolve(
        found.divergence,
        program=(AN_IMAGE, RENAMED, look),
        fingerprint=evolve(found.divergence.fingerprint, field=field),
    )

    evidence = gathered(of_state, sides(reference(), target))

    assert evidence.program == (AN_IMAGE, look, RENAMED, look)
    assert evidence.repeated


def test_what_does_not_show_again_is_told_as_it_was() -> None:
    found = evidence_of(broken_target(image_get=open_to_all), AN_IMAGE, get("stranger"))

    again = gathered(found.divergence, sides(reference(), broken_target()))

    assert not again.repeated
    assert again.divergence == found.divergence


@pytest.mark.parametrize(
    ("functions", "last"),
    [
        ({"image_get": open_to_all}, get("stranger")),
        ({"image_get_all": listing_all}, call("image_get_all", "stranger")),
    ],
)
def test_it_is_explained_who_sees_an_image(functions: Any, last: Call) -> None:
    evidence = evidence_of(broken_target(**functions), AN_IMAGE, A_MEMBER, last)

    explanation = explained(evidence.divergence)

    assert explanation is not None
    assert explanation.subject == "image image-1, shared, owned by alice, for project stranger"
    assert not explanation.visible


def test_it_is_explained_by_the_arguments_which_image_is_meant() -> None:
    def forbidden(_db: Database, *_args: Any, **_kwargs: Any) -> Any:
        raise Forbidden("no")

    for last in (
        A_MEMBER,
        call("image_property_delete", "admin", prop_ref="p", image_ref="image-1"),
    ):
        target = broken_target(**{last.function: forbidden})
        explanation = explained(evidence_of(target, AN_IMAGE, last).divergence)

        assert explanation is not None
        assert "image-1" in explanation.subject


@pytest.mark.parametrize(
    "last",
    [
        get("stranger"),
        call("image_set_property_atomic", image_id="image-1", name="p", value="1"),
        call("image_member_count", "admin", image_id="image-1"),
    ],
    ids=["no image", "no caller", "another question"],
)
def test_it_is_explained_only_where_it_is_the_question(last: Call) -> None:
    def wrong(_db: Database, *_args: Any, **_kwargs: Any) -> Any:
        return 7

    target = broken_target(**{last.function: wrong})
    before = (AN_IMAGE,) if last.function == "image_member_count" else ()

    assert explained(evidence_of(target, *before, last).divergence) is None


def test_calls_that_raise_are_no_hindrance_to_an_explanation() -> None:
    target = broken_target(image_get=open_to_all)
    evidence = evidence_of(target, AN_IMAGE, AN_IMAGE, get("stranger"))

    assert explained(evidence.divergence) is not None

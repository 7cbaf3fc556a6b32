"""Why a caller can or cannot see, list and change an image, by the rules of `visibility`."""

from collections.abc import Iterable, Iterator

from attrs import frozen

from simple_db.model import values
from simple_db.model.records import Image
from simple_db.operations.visibility import (
    CHANGED,
    SEEN,
    THERE,
    Caller,
    Given,
    Rule,
    listing_default,
    listing_scope,
)
from simple_db.store import Store, Tables

# An image is visible, mutable or listed if for each of these questions a rule holds.
_VISIBLE = ("stored", "there", "seen")
_MUTABLE = (*_VISIBLE, "changed")
_LISTED = ("stored", "in scope", "by default")


@frozen
class Step:
    """One rule, and whether it holds.

    Attributes:
        question: What the rule is for: ``stored``, ``there`` (some callers only see deleted
            images), ``seen``, ``changed``, ``in scope`` of a listing, or listed ``by default``,
            without a filter of visibility. One rule that holds is enough for a question.
        rule: The rule in words.
        holds: Whether it holds.
    """

    question: str
    rule: str
    holds: bool


@frozen
class Reason:
    """The answer to a question, and the rules behind it.

    Attributes:
        question: As in `Step`.
        holds: Whether a rule for it holds.
        rules: The rules that hold, or if none does, all of them.
    """

    question: str
    holds: bool
    rules: tuple[str, ...]

    @property
    def why(self) -> str:
        """The rules in one line."""
        rules = "; ".join(self.rules)
        return rules if self.holds else f"none of: {rules}"


@frozen
class Explanation:
    """Why a caller can or cannot see, list and change an image; printed, it is a short table.

    Attributes:
        subject: The image and the caller, in words.
        steps: All rules in the order in which they are asked, also those after one that decides.
    """

    subject: str
    steps: tuple[Step, ...]

    @property
    def visible(self) -> bool:
        """Whether the caller gets the image by its id, as it is stored, there, and seen."""
        return self._have(_VISIBLE)

    @property
    def mutable(self) -> bool:
        """Whether the caller may update and destroy the image, as it is visible, and changed."""
        return self._have(_MUTABLE)

    @property
    def listed(self) -> bool:
        """Whether a listing without arguments has the image, as it is in scope, and by default.

        It need not be visible: a listing has deleted images, unless a filter excludes them.
        """
        return self._have(_LISTED)

    @property
    def reasons(self) -> list[Reason]:
        """The answer to each question, in their order."""
        questions = dict.fromkeys(step.question for step in self.steps)
        return [self._reason(question) for question in questions]

    def _reason(self, question: str) -> Reason:
        steps = [step for step in self.steps if step.question == question]
        holding = tuple(step.rule for step in steps if step.holds)
        return Reason(question, bool(holding), holding or tuple(step.rule for step in steps))

    def _have(self, questions: tuple[str, ...]) -> bool:
        return {step.question for step in self.steps if step.holds}.issuperset(questions)

    def __str__(self) -> str:
        """Return the subject, the answers with what they need, and a line for each question."""
        answers = [
            _line("visible", self.visible, " + ".join(_VISIBLE)),
            _line("mutable", self.mutable, " + ".join(_MUTABLE)),
            _line("listed", self.listed, " + ".join(_LISTED)),
        ]
        reasons = [_line(one.question, one.holds, one.why) for one in self.reasons]
        return "\n".join([self.subject, *answers, "because", *reasons])


def _line(what: str, holds: bool, why: str) -> str:
    return f"  {what:<10}  {'yes' if holds else 'no':<3}  {why}"


def explain(store: Store, caller: Caller, image_id: object) -> Explanation:
    """Return the explanation for the image of that id, or for its absence."""
    with store.reading() as tables:
        image = tables.images.get(image_id)
        stored = Step("stored", "there is an image of that id", image is not None)
        if image is None:
            return Explanation(f"image {values.shown(image_id)}, for {_who(caller)}", (stored,))
        subject = f"image {image.id}, {_what(image)}, for {_who(caller)}"
        return Explanation(
            subject + _memberships(tables, caller, image), (stored, *_steps(tables, caller, image))
        )


def _steps(tables: Tables, caller: Caller, image: Image) -> Iterator[Step]:
    yield from _asked("there", THERE, caller, image)
    yield from _asked("seen", SEEN, caller, image, tables, None)
    yield from _asked("changed", CHANGED, caller, image.owner)
    yield from _asked("in scope", listing_scope(tables, caller), image)
    yield from _asked("by default", listing_default(caller), image)


def _asked(question: str, rules: Iterable[Rule[*Given]], *given: *Given) -> Iterator[Step]:
    for rule in rules:
        yield Step(question, rule.says, rule.holds(*given))


def _what(image: Image) -> str:
    deleted = "deleted, " if image.deleted else ""
    owner = "without owner" if image.owner is None else f"owned by {image.owner}"
    return f"{deleted}{image.visibility}, {owner}"


def _who(caller: Caller) -> str:
    project = "no project" if caller.owner is None else f"project {values.worded(caller.owner)}"
    return f"an administrator, {project}" if caller.is_admin else project


def _memberships(tables: Tables, caller: Caller, image: Image) -> str:
    statuses = [
        row.status
        for row in tables.members.where(image_id=image.id)
        if row.member == caller.owner and not row.deleted
    ]
    return f" (a member: {', '.join(statuses)})" if statuses else ""

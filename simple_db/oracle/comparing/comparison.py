"""A program on both sides, and the first divergence that is not known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from attrs import Factory, define, evolve, frozen

from simple_db.oracle.comparing.answers import subject_of
from simple_db.oracle.comparing.differences import Correspondence, Difference, differences
from simple_db.oracle.comparing.fingerprints import Fingerprint, features
from simple_db.oracle.comparing.observation import observation
from simple_db.oracle.comparing.outcomes import CallOutcome, Raised, Recording
from simple_db.oracle.comparing.signatures import takes

if TYPE_CHECKING:
    from simple_db.oracle.programs.calls import Call, Program
    from simple_db.oracle.targets.target import Target

Known = Callable[[Fingerprint], bool]


@frozen
class Divergence:
    """A program on which the two sides differ.

    Attributes:
        program: The outcomes of its last call differ. If the state differs, that call only reads
            it, and the call before it made the difference.
        fingerprint: Identifies the divergence.
        difference: The first place in which the outcomes of the last call differ.
        expected: The outcome of the last call on the reference.
        actual: Its outcome on the target.
    """

    program: Program
    fingerprint: Fingerprint
    difference: Difference
    expected: CallOutcome
    actual: CallOutcome

    @property
    def is_of_state(self) -> bool:
        """Whether a call left different states; its own outcomes may be the same."""
        return self.fingerprint.field.startswith(SHOWN)

    @property
    def is_leak(self) -> bool:
        """Whether the target raised an exception that is none of Glance's."""
        return isinstance(self.actual, Raised) and self.actual.leaked


@frozen
class Step:
    """A call, its outcomes on both sides, and their differences."""

    call: Call
    expected: CallOutcome
    actual: CallOutcome
    differences: Sequence[Difference]


@define
class Sides:
    """The reference and a target, on which calls are made together."""

    reference: Recording
    target: Recording
    calls: int = 0
    ids: Correspondence = Factory(Correspondence)
    on_step: Callable[[Step], None] = lambda _step: None

    def can_make(self, call: Call) -> bool:
        """Return whether the target has the function and a parameter for each argument."""
        return takes(self.target.target, call)

    def restart(self) -> None:
        """Begin a program: forget every row on both sides."""
        self.reference.restart()
        self.target.restart()
        self.ids = Correspondence()

    def step(self, call: Call) -> Step:
        """Make the call on both sides."""
        self.calls += 1
        expected, actual = self.reference.outcome(call), self.target.outcome(call)
        step = Step(call, expected, actual, differences(call.function, expected, actual, self.ids))
        self.on_step(step)
        return step

    def steps(self, program: Program) -> list[Step]:
        """Run a program from the beginning."""
        self.restart()
        return [self.step(call) for call in program]


def sides(reference: Target, target: Target) -> Sides:
    """Return both sides, ready to run programs."""
    return Sides(Recording(reference), Recording(target))


def nothing_known(_fingerprint: Fingerprint) -> bool:
    """Return False: no divergence is known."""
    return False


def compare(program: Program, both: Sides, known: Known = nothing_known) -> Divergence | None:
    """Run the program on both sides and return the first divergence that is not known.

    A known one does not hide the next. If only the answers differ, the program goes on. If the
    states differ, the program is run again without the call that made them differ.

    Args:
        program: The calls.
        both: The sides.
        known: Returns whether to pass over a fingerprint.
    """
    comparison = _Comparison(both, known)
    while program:
        found = comparison.first_unknown(program)
        if not isinstance(found, int):
            return found
        program = program[:found] + program[found + 1 :]
    return None


@define
class _Comparison:
    """A comparison of programs that get shorter.

    Attributes:
        passed_over: Kinds of rows, and fields in them, that are known to differ everywhere.
    """

    both: Sides
    known: Known
    passed_over: set[tuple[str, str]] = Factory(set)

    def first_unknown(self, program: Program) -> Divergence | int | None:
        """Return the first divergence, or the place of a call to leave out, or None."""
        self.both.restart()
        for place, call in enumerate(program):
            step = self.both.step(call)
            for divergence in self._unknown(program[: place + 1], step):
                # An earlier call may have left different states, which only now shows.
                # Then that call is to blame.
                before = self._first_in_state(program[:place], _is_weighty)
                return divergence if before is None else before
            if _one_side_refused(step) and changes(call.function):
                return place
        if any(self._left(self.both.step(read)) for read in observation(program)):
            return self._first_in_state(program, bool)
        return None

    def _first_in_state(
        self, program: Program, counts: Callable[[Sequence[Difference]], bool]
    ) -> Divergence | int | None:
        """Return the first divergence of state, or the place of a call that made a known one."""
        reads = observation(program)
        self.both.restart()
        for read in reads:
            for divergence in self._unknown((read,), self.both.step(read)):
                return divergence
        for place, call in enumerate(program):
            step = self.both.step(call)
            for read in reads:
                seen = self.both.step(read)
                left = self._left(seen)
                # A call that both sides refused must not change the state, not even a time.
                has_changed = bool(left) and _both_refused(step)
                if not counts(left) and not has_changed:
                    continue
                for divergence in self._unknown_of_state(program[: place + 1], step, seen):
                    return divergence
                if counts(self._left(seen)) or has_changed:
                    return place
        return None

    def _left(self, step: Step) -> list[Difference]:
        """Return the differences that are not passed over."""
        subject = subject_of(step.call.function)
        return [
            difference
            for difference in step.differences
            if (subject, _within(difference)) not in self.passed_over
        ]

    def _unknown(self, program: Program, step: Step) -> Iterator[Divergence]:
        """Yield the unknown divergences of an answer; pass over each difference afterwards."""
        for difference in self._left(step):
            divergence = _divergence(program, step, difference)
            if not self.known(divergence.fingerprint):
                yield divergence
            self._pass_over(step, difference)

    def _unknown_of_state(self, program: Program, step: Step, seen: Step) -> Iterator[Divergence]:
        """Yield the unknown divergences of state; pass over each difference afterwards.

        A difference is left out if the answer of the call itself has it, too, or if the reading
        call is known to be wrong.
        """
        in_answer = {_within(difference) for difference in step.differences}
        for difference in self._left(seen):
            of_read = _divergence((*program, seen.call), seen, difference)
            of_state = _of_state(of_read, program, step)
            known = self.known(of_read.fingerprint) or self.known(of_state.fingerprint)
            if not known and _within(difference) not in in_answer:
                yield of_state
            self._pass_over(seen, difference)

    def _pass_over(self, step: Step, difference: Difference) -> None:
        if difference.slight:
            self.passed_over.add((subject_of(step.call.function), _within(difference)))


def reproduced(divergence: Divergence, program: Program, both: Sides) -> Divergence | None:
    """Return the divergence on another program, or None if it does not show there.

    Args:
        divergence: Its function, outcomes and field are looked for.
        program: The outcomes of its last call must differ.
        both: The sides.
    """
    field = divergence.difference.field
    if divergence.is_of_state:
        shown = _shown_in_state(program, field, both)
    else:
        step = both.steps(program)[-1]
        found = (one for one in step.differences if one.field == field)
        shown = next((_divergence(program, step, one) for one in found), None)
    same = shown is not None and shown.fingerprint.place == divergence.fingerprint.place
    return shown if same else None


def _shown_in_state(program: Program, field: str, both: Sides) -> Divergence | None:
    """Read the state after every call, and return the divergence of the first that changed it.

    The last call of the program is the one that reads.
    """
    *calls, read = program
    both.restart()
    for place, call in enumerate(calls):
        step, seen = both.step(call), both.step(read)
        for difference in seen.differences:
            if difference.field == field:
                made = program[: place + 1]
                return _of_state(_divergence((*made, read), seen, difference), made, step)
    return None


def _divergence(program: Program, step: Step, difference: Difference) -> Divergence:
    field, function = difference.field, step.call.function
    if _IS_OF_CHILDREN.search(field):
        fingerprint = Fingerprint(of_any(function), _kinds(step), field.removeprefix("[]."))
    else:
        fingerprint = Fingerprint(function, _kinds(step), field, features(program))
    return Divergence(program, fingerprint, difference, step.expected, step.actual)


def of_any(function: str) -> str:
    """Return what fingerprints have in place of a function that returns such rows."""
    return f"{_ANY}{subject_of(function)}"


def _of_state(of_read: Divergence, program: Program, step: Step) -> Divergence:
    """Blame the last call of the program for what a reading call shows after it."""
    seen = of_read.fingerprint
    if seen.function.startswith(_ANY):
        return of_read
    field = f"{SHOWN}{seen.function}: {seen.field}".strip()
    return evolve(
        of_read,
        fingerprint=Fingerprint(step.call.function, _kinds(step), field, features(program)),
    )


SHOWN = "then "
"""The field of a divergence of state begins with this."""

_ANY = "any "

# The difference is in the keys of rows that another row contains. Every function that returns
# such rows shows it, so its fingerprint names none of them.
_IS_OF_CHILDREN = re.compile(r"\w\[\]\..* only in ")

_READS = re.compile(r".*_get(_.*)?|get_.*|is_image_.*|.*_find|(image|metadef)_.*_count")


def changes(function: str) -> bool:
    """Return whether the function may change the state other than by deleting expired rows."""
    return _READS.fullmatch(function) is None


def _is_weighty(found: Sequence[Difference]) -> bool:
    return any(not difference.slight for difference in found)


def _kinds(step: Step) -> str:
    return f"{step.expected.kind} / {step.actual.kind}"


def _within(difference: Difference) -> str:
    """Return the field within a row, which is the same alone and in a list."""
    return difference.field.removeprefix("[]").removeprefix(".").partition(" only in ")[0]


def _both_refused(step: Step) -> bool:
    return isinstance(step.expected, Raised) and isinstance(step.actual, Raised)


def _one_side_refused(step: Step) -> bool:
    """Return whether one side may have changed its state and the other refused to."""
    return isinstance(step.expected, Raised) is not isinstance(step.actual, Raised)

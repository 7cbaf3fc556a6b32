"""The search: random programs until the time is spent, and each divergence once, shrunk."""

from __future__ import annotations

import itertools
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from attrs import Factory, define, frozen
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from simple_db.oracle.comparing.comparison import Divergence, Sides, Step, compare, of_any, sides
from simple_db.oracle.comparing.fingerprints import AFTER, SIGNATURE, features
from simple_db.oracle.comparing.observation import visits
from simple_db.oracle.comparing.outcomes import Returned
from simple_db.oracle.findings.shrinking import shrunk
from simple_db.oracle.programs.cast import CAST
from simple_db.oracle.programs.strategies import OPS, programs
from simple_db.oracle.targets.target import silence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from simple_db.oracle.comparing.fingerprints import Fingerprint
    from simple_db.oracle.programs.calls import Program
    from simple_db.oracle.targets.target import Target

# Hypothesis starts every run with small examples, and then varies earlier ones. So an example is a
# list of many programs: these are independent of each other.
_EXAMPLES = 5
_PROGRAMS = 20
_VISITORS = tuple(name for name in CAST if name != "admin")


@frozen
class Coverage:
    """A kind of call: the function, the caller, and the outcome on the reference."""

    function: str
    context: str
    outcome: str


@define
class Findings:
    """What a search has found so far.

    Attributes:
        divergences: In the order in which they were found.
        known: How often each fingerprint of the register occurred.
        coverage: How often each kind of call was made.
        made: How often each function was called with each feature that a fingerprint can have,
            and in all, with the feature "".
        statuses: How many images were created in each status.
        programs: How many programs were run.
        calls: How many calls were made on each side, with those that read the state or repeat.
        seconds: How long it took.
    """

    divergences: list[Divergence] = Factory(list)
    known: Counter[Fingerprint] = Factory(Counter)
    coverage: Counter[Coverage] = Factory(Counter)
    made: Counter[tuple[str, str]] = Factory(Counter)
    statuses: Counter[str] = Factory(Counter)
    programs: int = 0
    calls: int = 0
    seconds: float = 0.0

    def note(self, divergence: Divergence) -> None:
        """Add a divergence; it replaces those that it explains."""
        explains = divergence.fingerprint.explains
        special = [one for one in self.divergences if explains(one.fingerprint)]
        self.divergences = [one for one in self.divergences if one not in special] + [divergence]

    def count(self, step: Step) -> None:
        """Count a call that was made on both sides."""
        self.calls += 1
        cell = Coverage(step.call.function, step.call.context or "", step.expected.kind)
        self.coverage[cell] += 1
        function = step.call.function
        for feature in ("", *features((step.call,))):
            self.made[function, feature] += 1
        self.made[of_any(function), ""] += 1
        if step.call.function == "image_create" and isinstance(step.expected, Returned):
            self.statuses[step.expected.value["status"]] += 1

    def chances(self, fingerprint: Fingerprint) -> int:
        """Return how many calls could have shown the divergence, at most.

        To show it, a program needs the function with each of the features, and each function
        before it. The rarest of these counts. A difference of signature needs no call.
        """
        if fingerprint.outcomes == SIGNATURE:
            return sys.maxsize
        needs = [(fingerprint.function, "")]
        for feature in fingerprint.features:
            before = feature.removeprefix(AFTER)
            needs.append((fingerprint.function, feature) if before == feature else (before, ""))
        return min(self.made[one] for one in needs)


def search(
    reference: Target,
    target: Target,
    *,
    ops: Sequence[str] = OPS,
    budget: float = 120.0,
    limit: int | None = None,
    enough: int | None = None,
    seed: int = 0,
    known: Iterable[Fingerprint] = (),
    progress: Callable[[Findings], None] = lambda _findings: None,
) -> Findings:
    """Run random programs on both until the time is spent, and return what was found.

    Args:
        reference: Its outcomes are right.
        target: What is compared with it.
        ops: The parts of the API to call.
        budget: How long to search, in seconds; the last program is run to its end.
        limit: How many programs to run at most, so that every machine finds the same.
        enough: Stop after so many divergences.
        seed: The same seed makes the same programs.
        known: Divergences to pass over.
        progress: Called after every program.
    """
    begin = time.monotonic()
    hunt = _Hunt(sides(reference, target), list(known))
    with silence():
        for program, visitors in itertools.islice(_endless(programs(ops), seed), limit):
            if time.monotonic() - begin >= budget or hunt.has_found(enough):
                break
            hunt.run(program + visits(program, visitors))
            hunt.findings.seconds = time.monotonic() - begin
            progress(hunt.findings)
    return hunt.findings


def _endless(
    some_programs: st.SearchStrategy[Program], seed: int
) -> Iterator[tuple[Program, list[str]]]:
    """Yield random programs, and the callers who read the state after each."""
    for number in itertools.count():
        yield from _round(some_programs, f"{seed} {number}")


def _round(some_programs: st.SearchStrategy[Program], seed: str) -> list[tuple[Program, list[str]]]:
    """Let hypothesis make programs. They are run elsewhere, so that hypothesis shrinks none."""
    made: dict[str, tuple[Program, list[str]]] = {}
    visitors = st.lists(st.sampled_from(_VISITORS), max_size=2, unique=True)
    one = st.tuples(some_programs, visitors)

    @seeded(seed)
    @settings(
        max_examples=_EXAMPLES,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(one, min_size=_PROGRAMS, max_size=_PROGRAMS))
    def make(several: list[tuple[Program, list[str]]]) -> None:
        made.update({str(one): one for one in several})

    make()
    return list(made.values())


@define
class _Hunt:
    """A running search."""

    both: Sides
    known_before: list[Fingerprint]
    findings: Findings = Factory(Findings)

    def __attrs_post_init__(self) -> None:
        self.both.on_step = self.findings.count

    def has_found(self, enough: int | None) -> bool:
        """Return whether so many divergences were found; never for None."""
        return enough is not None and len(self.findings.divergences) >= enough

    def run(self, program: Program) -> None:
        """Run one program until all divergences in it are known."""
        self.findings.programs += 1
        program = tuple(filter(self.both.can_make, program))
        while (divergence := compare(program, self.both, self._is_known)) is not None:
            self.findings.note(shrunk(divergence, self.both))

    def _is_known(self, fingerprint: Fingerprint) -> bool:
        for known in self.known_before:
            if known.explains(fingerprint):
                self.findings.known[known] += 1
                return True
        return any(
            divergence.fingerprint.explains(fingerprint) for divergence in self.findings.divergences
        )

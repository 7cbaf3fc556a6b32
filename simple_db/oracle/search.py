"""Random programs until the time is spent: each divergence once, as short as it gets."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from attrs import Factory, define, frozen
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from simple_db.oracle.cast import CAST
from simple_db.oracle.comparison import Divergence, Sides, Step, compare, sides
from simple_db.oracle.observation import visits
from simple_db.oracle.outcomes import Returned
from simple_db.oracle.programs import OPS, programs
from simple_db.oracle.shrinking import shrunk
from simple_db.oracle.targets import silence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from simple_db.oracle.calls import Program
    from simple_db.oracle.fingerprints import Fingerprint
    from simple_db.oracle.targets import Target

_ROUND = 100
_VISITORS = tuple(name for name in CAST if name != "admin")


@frozen
class Coverage:
    """One cell of what was called: who called what, and what it came to on the reference."""

    function: str
    context: str
    outcome: str


@define
class Findings:
    """What a search has found so far.

    Attributes:
        divergences: In the order in which they were found.
        known: How often each fingerprint was met that was known before.
        coverage: How often each function was called by whom, with what outcome.
        statuses: How often an image was seen in each status.
        programs: How many programs were made.
        calls: How many calls those made on either side, observations and repetitions included.
        seconds: How long it took.
    """

    divergences: list[Divergence] = Factory(list)
    known: Counter[Fingerprint] = Factory(Counter)
    coverage: Counter[Coverage] = Factory(Counter)
    statuses: Counter[str] = Factory(Counter)
    programs: int = 0
    calls: int = 0
    seconds: float = 0.0

    def count(self, step: Step) -> None:
        """Count a call that was made on both sides."""
        self.calls += 1
        cell = Coverage(step.call.function, step.call.context or "", step.expected.kind)
        self.coverage[cell] += 1
        if step.call.function == "image_create" and isinstance(step.expected, Returned):
            self.statuses[step.expected.value["status"]] += 1


def search(
    reference: Target,
    target: Target,
    *,
    ops: Sequence[str] = OPS,
    budget: float = 120.0,
    seed: int = 0,
    known: Iterable[Fingerprint] = (),
    progress: Callable[[Findings], None] = lambda _findings: None,
) -> Findings:
    """Run random programs on both until the time is spent, and return what was found.

    Args:
        reference: What is right.
        target: What is held against it.
        ops: The parts of the API to call.
        budget: For how long, in seconds; a program that runs then is run to its end.
        seed: The same seed makes the same programs.
        known: Divergences to pass over.
        progress: Called after every program.
    """
    hunt = _Hunt(sides(reference, target), list(known), progress, time.monotonic() + budget)
    begin = time.monotonic()
    round_number = 0
    with silence():
        while not hunt.is_over:
            _round(hunt, programs(ops), seed + round_number)
            round_number += 1
    hunt.findings.seconds = time.monotonic() - begin
    return hunt.findings


def _round(hunt: _Hunt, some_programs: st.SearchStrategy[Program], seed: int) -> None:
    """Let hypothesis make programs; what diverges in them is no failure to it."""

    @seeded(seed)
    @settings(
        max_examples=_ROUND,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(some_programs, st.lists(st.sampled_from(_VISITORS), max_size=2, unique=True))
    def run(program: Program, visitors: list[str]) -> None:
        if not hunt.is_over:
            hunt.run(program, visitors)

    run()


@define
class _Hunt:
    """A search under way."""

    both: Sides
    known_before: list[Fingerprint]
    progress: Callable[[Findings], None]
    deadline: float
    findings: Findings = Factory(Findings)

    def __attrs_post_init__(self) -> None:
        self.both.on_step = self.findings.count

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.deadline

    def run(self, program: Program, visitors: Sequence[str]) -> None:
        """Run one program until nothing in it is news."""
        self.findings.programs += 1
        program = tuple(filter(self.both.can_make, program + visits(program, visitors)))
        while not self.is_over:
            divergence = compare(program, self.both, self._is_known)
            if divergence is None:
                break
            self._note(shrunk(divergence, self.both))
        self.progress(self.findings)

    def _note(self, divergence: Divergence) -> None:
        """Add the divergence, in place of those of which it turns out to be the general case."""
        divergences = self.findings.divergences
        divergences[:] = [
            one for one in divergences if not divergence.fingerprint.explains(one.fingerprint)
        ] + [divergence]

    def _is_known(self, fingerprint: Fingerprint) -> bool:
        for known in self.known_before:
            if known.explains(fingerprint):
                self.findings.known[known] += 1
                return True
        return any(
            divergence.fingerprint.explains(fingerprint) for divergence in self.findings.divergences
        )

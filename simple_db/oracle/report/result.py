"""What came of holding a target against the reference: all that is reported."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from attrs import Factory, frozen

from simple_db.api import FUNCTIONS
from simple_db.oracle.comparing.fingerprints import SIGNATURE, Fingerprint
from simple_db.oracle.findings import register
from simple_db.oracle.findings.search import Findings
from simple_db.oracle.programs.strategies import op_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from simple_db.oracle.comparing.signatures import SignatureDifference
    from simple_db.oracle.findings.evidence import Evidence
    from simple_db.oracle.findings.register import Entry
    from simple_db.oracle.races.search import RaceFindings, Violation


@frozen
class Task:
    """What was asked for.

    Attributes:
        target: As the user named it.
        ops: The parts of the API to call.
        budget: For how long, in seconds.
        seed: What makes the programs.
    """

    target: str
    ops: tuple[str, ...]
    budget: float
    seed: int


@frozen
class Result:
    """What came of it.

    Attributes:
        task: What was asked for.
        signatures: The differences of signature, also those that are known.
        known: The register.
        evidence: The divergences, without those that are known.
        findings: What was called, and how often what is known was met.
        races: What threads came to, if they were asked for.
        paths: The emitted test of each divergence, in their order; empty if none were.
        unproven: Those of them that did not pass on the reference and fail on the target.
        race_paths: The emitted test of each true race.
    """

    task: Task
    signatures: Sequence[SignatureDifference]
    known: Sequence[Entry] = ()
    evidence: Sequence[Evidence] = ()
    findings: Findings = Factory(Findings)
    races: RaceFindings | None = None
    paths: Sequence[Path] = ()
    unproven: Sequence[Path] = ()
    race_paths: Sequence[Path] = ()

    @property
    def with_paths(self) -> list[tuple[Evidence, Path | None]]:
        """The divergences, each with its emitted test if there is one."""
        paths: Sequence[Path | None] = self.paths or [None] * len(self.evidence)
        return list(zip(self.evidence, paths, strict=True))

    @property
    def new_signatures(self) -> list[SignatureDifference]:
        """The differences of signature that are not known, those of a function together."""
        known = set(register.fingerprints(self.known))
        new = [one for one in self.signatures if fingerprint_of(one) not in known]
        return sorted(new, key=lambda one: (one.function, one.what))

    @property
    def met(self) -> Mapping[Fingerprint, int]:
        """How often each fingerprint of the register was met."""
        known = set(register.fingerprints(self.known))
        met = Counter(self.findings.known)
        met.update(one for one in map(fingerprint_of, self.signatures) if one in known)
        return met

    @property
    def unmet(self) -> list[Fingerprint]:
        """The fingerprints of the register that the run should have met, and did not."""
        return register.unmet(self.known, self.met, self.findings.chances)

    @property
    def never_called(self) -> list[str]:
        """The functions that should have been called, and were not."""
        called = {cell.function for cell in self.findings.coverage}
        return [one for one in FUNCTIONS if op_of(one) in self.task.ops and one not in called]

    @property
    def true_races(self) -> list[Violation]:
        """What no order of calls explains, and takes threads: not where calls in turn differ."""
        violations = self.races.violations if self.races else ()
        return [one for one in violations if not one.in_turn]

    @property
    def agrees(self) -> bool:
        """Whether nothing was found that is not known, and everything that is known."""
        return not (self.new_signatures or self.evidence or self.unmet or self.true_races)


def fingerprint_of(difference: SignatureDifference) -> Fingerprint:
    """Return what a difference of signature is known by in a register."""
    return Fingerprint(difference.function, SIGNATURE, difference.what)

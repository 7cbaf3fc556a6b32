"""The result of a run: everything that is reported."""

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
    from simple_db.oracle.request import Request


@frozen
class Result:
    """What was asked for, and what was found.

    Attributes:
        request: What was asked for.
        signatures: The differences of signature, with the known ones.
        known: The register.
        evidence: The unknown divergences.
        findings: What was called, and how often known divergences occurred.
        races: The races of threads, if they were asked for.
        paths: The emitted test of each divergence, in order; empty if none were written.
        unproven: Tests that did not pass on the reference and fail on the target.
        race_paths: The emitted test of each true race.
    """

    request: Request
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
        """The unknown differences of signature, sorted by function."""
        known = set(register.fingerprints(self.known))
        new = [one for one in self.signatures if fingerprint_of(one) not in known]
        return sorted(new, key=lambda one: (one.function, one.what))

    @property
    def met(self) -> Mapping[Fingerprint, int]:
        """How often each fingerprint of the register occurred."""
        known = set(register.fingerprints(self.known))
        met = Counter(self.findings.known)
        met.update(one for one in map(fingerprint_of, self.signatures) if one in known)
        return met

    @property
    def unmet(self) -> list[Fingerprint]:
        """The stale fingerprints of the register: they should have occurred, and did not."""
        return register.unmet(self.known, self.met, self.findings.chances)

    @property
    def never_called(self) -> list[str]:
        """The functions that should have been called, and were not."""
        called = {cell.function for cell in self.findings.coverage}
        return [one for one in FUNCTIONS if op_of(one) in self.request.ops and one not in called]

    @property
    def true_races(self) -> list[Violation]:
        """The races that take threads: lanes that run one after another do not show them."""
        violations = self.races.violations if self.races else ()
        return [one for one in violations if not one.in_turn]

    @property
    def agrees(self) -> bool:
        """Whether all that was found is known, and no entry of the register is stale."""
        return not (self.new_signatures or self.evidence or self.unmet or self.true_races)


def fingerprint_of(difference: SignatureDifference) -> Fingerprint:
    """Return the fingerprint of a difference of signature, as a register has it."""
    return Fingerprint(difference.function, SIGNATURE, difference.what)

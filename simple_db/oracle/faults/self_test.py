"""Whether the oracle finds what it is for: seeded faults, one after the other."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from attrs import frozen
from rich.table import Table
from rich.text import Text

from simple_db.oracle.faults import FAULTS, Fault, FaultyDatabase
from simple_db.oracle.findings.search import search
from simple_db.oracle.targets.target import DriverTarget, reference

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simple_db.oracle.comparing.comparison import Divergence


@frozen
class Caught:
    """What became of a fault.

    Attributes:
        fault: The fault.
        divergence: The first that was found, on its shortest program; None if none was.
        programs: How many programs were made for it.
        calls: How many calls those made on either side, shrinking included.
        seconds: How long it took.
    """

    fault: Fault
    divergence: Divergence | None
    programs: int
    calls: int
    seconds: float

    @property
    def length(self) -> int | None:
        """How many calls the shortest program has."""
        return None if self.divergence is None else len(self.divergence.program)


def run(
    budget_per_fault: float = 60.0,
    seed: int = 0,
    progress: Callable[[Caught], None] = lambda _caught: None,
    *,
    faults: Sequence[Fault] = FAULTS,
) -> list[Caught]:
    """Look for every fault, in programs of all parts of the API, until the first divergence.

    Args:
        budget_per_fault: For how long to look for each, in seconds.
        seed: The same seed makes the same programs.
        progress: Called after every fault.
        faults: What to look for.
    """
    found = []
    for fault in faults:
        found.append(_look_for(fault, budget_per_fault, seed))
        progress(found[-1])
    return found


def _look_for(fault: Fault, budget: float, seed: int) -> Caught:
    target = DriverTarget(fault.name, FaultyDatabase(fault))
    findings = search(reference(), target, budget=budget, seed=seed, enough=1)
    return Caught(
        fault=fault,
        divergence=next(iter(findings.divergences), None),
        programs=findings.programs,
        calls=findings.calls,
        seconds=findings.seconds,
    )


def table(found: Sequence[Caught]) -> Table:
    """Return the faults as a table for the terminal, those that were not caught marked."""
    drawn = Table(title=total(found), title_justify="left")
    for column in ("fault, and what it is known by", "row", "caught"):
        drawn.add_column(column)
    for column in ("programs", "calls", "seconds", "shortest"):
        drawn.add_column(column, justify="right")
    for one in found:
        drawn.add_row(_told(one), *_cells(one), style=None if one.divergence else "bold red")
    return drawn


def _told(one: Caught) -> Text:
    known_by = f"\n{one.divergence.fingerprint}" if one.divergence else ""
    return Text.assemble(one.fault.name, (known_by, "dim"))


def _cells(one: Caught) -> list[str]:
    return [
        one.fault.row,
        "yes" if one.divergence else "no",
        str(one.programs),
        str(one.calls),
        f"{one.seconds:.1f}",
        str(one.length or ""),
    ]


def total(found: Sequence[Caught]) -> str:
    """Return in a line how many faults were caught, how shortly, and how long it took."""
    lengths = [one.length for one in found if one.length is not None]
    seconds = [one.seconds for one in found]
    return (
        f"{len(lengths)} of {len(found)} faults caught; the median shortest program has"
        f" {statistics.median(lengths or [0]):g} calls; {sum(seconds):.0f} s in all,"
        f" {max(seconds, default=0):.0f} s at most for one"
    )

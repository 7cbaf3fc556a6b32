"""Whether a search finds seeded faults, one after another."""

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
class Trial:
    """The search for a fault.

    Attributes:
        fault: The fault.
        divergence: The first that was found, on its shortest program; None if there was none.
        programs: How many programs were run.
        calls: How many calls were made on each side, with those of shrinking.
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
    progress: Callable[[Trial], None] = lambda _trial: None,
    *,
    faults: Sequence[Fault] = FAULTS,
) -> list[Trial]:
    """Search for every fault, in programs of all parts of the API, until the first divergence.

    Args:
        budget_per_fault: How long to search for each, in seconds.
        seed: The same seed makes the same programs.
        progress: Called after every fault.
        faults: The faults.
    """
    found = []
    for fault in faults:
        found.append(_tried(fault, budget_per_fault, seed))
        progress(found[-1])
    return found


def _tried(fault: Fault, budget: float, seed: int) -> Trial:
    target = DriverTarget(fault.name, FaultyDatabase(fault))
    findings = search(reference(), target, budget=budget, seed=seed, enough=1)
    return Trial(
        fault=fault,
        divergence=next(iter(findings.divergences), None),
        programs=findings.programs,
        calls=findings.calls,
        seconds=findings.seconds,
    )


def table(found: Sequence[Trial]) -> Table:
    """Return a table of the faults for the terminal; those that were not found are marked."""
    drawn = Table(title=total(found), title_justify="left")
    for column in ("fault, and the fingerprint found", "row", "found"):
        drawn.add_column(column)
    for column in ("programs", "calls", "seconds", "shortest"):
        drawn.add_column(column, justify="right")
    for one in found:
        drawn.add_row(_named(one), *_cells(one), style=None if one.divergence else "bold red")
    return drawn


def _named(one: Trial) -> Text:
    fingerprint = f"\n{one.divergence.fingerprint}" if one.divergence else ""
    return Text.assemble(one.fault.name, (fingerprint, "dim"))


def _cells(one: Trial) -> list[str]:
    return [
        one.fault.row,
        "yes" if one.divergence else "no",
        str(one.programs),
        str(one.calls),
        f"{one.seconds:.1f}",
        str(one.length or ""),
    ]


def total(found: Sequence[Trial]) -> str:
    """Return in a line how many faults were found, in how short programs, and how fast."""
    lengths = [one.length for one in found if one.length is not None]
    seconds = [one.seconds for one in found]
    return (
        f"{len(lengths)} of {len(found)} faults found; the median shortest program has"
        f" {statistics.median(lengths or [0]):g} calls; {sum(seconds):.0f} s in all,"
        f" {max(seconds, default=0):.0f} s at most for one"
    )

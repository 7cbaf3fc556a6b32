"""How the benchmarks measure: warmed up, in an order that changes, again and again.

What runs first in a process pays for what others then find warm, and a machine that slows down
slows whoever is measured then. So each driver does the work untimed before, and each round has
another order. Time is that of the processor, which other processes and disks do not add to, and
each measurement begins without the garbage of the one before.
"""

from __future__ import annotations

import datetime as dt
import gc
import importlib.metadata
import itertools
import os
import platform
import re
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

import simple_db

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

ROUNDS = 12
"""How often each row is measured: so often that three drivers have had every order twice."""


@frozen
class Work:
    """What is timed.

    Attributes:
        job: The work.
        prepare: Called before each time, and not timed.
        times: How often the job is done in one measurement: more than once where it is short.
    """

    job: Callable[[], object]
    prepare: Callable[[], object] = lambda: None
    times: int = 1

    def seconds(self) -> float:
        """Do the work, and return how long it took once."""
        self.prepare()
        gc.collect()
        begin = time.process_time()
        for _ in range(self.times):
            self.job()
        return (time.process_time() - begin) / self.times


@frozen
class Spread:
    """What several measurements of one thing came to."""

    taken: Sequence[float]

    @property
    def median(self) -> float:
        """The one in the middle."""
        return statistics.median(self.taken)

    def told(self, unit: float = 1) -> str:
        """Return the median, and in brackets the least and the most."""
        least, most = min(self.taken) / unit, max(self.taken) / unit
        return f"{_short(self.median / unit)} ({_short(least)}..{_short(most)})"


def ratio(part: float, whole: float) -> str:
    """Write how many times the one is the other, with two digits that count."""
    return f"{float(f'{part / whole:.2g}'):,g}"


def _short(value: float) -> str:
    """Write a number with three digits that count."""
    places = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3  # noqa: PLR2004
    return f"{value:,.{places}f}"


def measured(works: Mapping[str, Work], rounds: int = ROUNDS) -> dict[str, Spread]:
    """Let each do its work once to warm up, then time all in each round, in changing order."""
    for work in works.values():
        work.prepare()
        work.job()
    taken: dict[str, list[float]] = {name: [] for name in works}
    for order in itertools.islice(itertools.cycle(itertools.permutations(works)), rounds):
        for name in order:
            taken[name].append(works[name].seconds())
    return {name: Spread(times) for name, times in taken.items()}


def context(distributions: Iterable[str], rounds: int = ROUNDS) -> str:
    """Say when and on what was measured: no number means anything without."""
    versions = [
        f"{platform.python_implementation()} {platform.python_version()}",
        f"simple_db {simple_db.__version__}",
        *(f"{name} {importlib.metadata.version(name)}" for name in distributions),
    ]
    day, load = f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}", f"load {os.getloadavg()[0]:.1f} before"
    return (
        f"{day}, {os.cpu_count()} cores ({_processor()}), {load}\n{', '.join(versions)}\n"
        f"medians of {rounds} rounds, and (least..most)"
    )


def _processor() -> str:
    """Return what the machine calls its processor; on Linux `platform` does not know."""
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()

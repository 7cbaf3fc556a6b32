"""How the benchmarks measure, on drivers that take no time; nothing is said of seconds."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import platform
import re
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

import simple_db
from benchmarks import __main__ as calls
from benchmarks import measuring, snapshots
from benchmarks.measuring import Spread, Work, context, measured
from simple_db import Database
from tests.support.serving import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DRIVERS = ("first", "second", "third")
ORDERS = 6  # of three drivers
FEWEST = 4  # rounds


class Recorder:
    """A driver that notes what it is asked."""

    def __init__(self, name: str, events: list[tuple[str, str]]) -> None:
        self.name, self.events = name, events

    def __getattr__(self, function: str) -> Callable[..., None]:
        return lambda *_args, **_kwargs: self.events.append((self.name, function))


def benchmarked(rounds: int) -> dict[str, list[str]]:
    """Run every row on three drivers, and give for each row who was asked, turn after turn."""
    events: list[tuple[str, str]] = []
    of = {
        name: calls.Driver(api, api.reset)
        for name, api in ((name, Recorder(name, events)) for name in DRIVERS)
    }
    asked = {}
    for what, _ in calls.results(of, images=1, rounds=rounds):
        turns = [name for name, _ in events]
        asked[what] = [name for at, name in enumerate(turns) if at == 0 or turns[at - 1] != name]
        events.clear()
    return asked


def works(turns: list[str]) -> dict[str, Work]:
    return {name: Work(lambda name=name: turns.append(name)) for name in DRIVERS}  # type: ignore[misc]


def test_every_driver_is_warmed_before_any_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[str] = []

    def seconds(_: Work) -> float:
        turns.append("timed")
        return 0.0

    monkeypatch.setattr(Work, "seconds", seconds)
    measured(works(turns), rounds=1)

    assert turns == [*DRIVERS, "timed", "timed", "timed"]


@pytest.fixture(autouse=True)
def _no_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Collect nothing between rounds: here it is all that the tests before have left."""
    monkeypatch.setattr("gc.collect", lambda: 0)


def test_every_order_of_the_drivers_comes_before_one_comes_again() -> None:
    turns: list[str] = []
    measured(works(turns), ORDERS)
    _warm, *rounds = (tuple(turns[at : at + 3]) for at in range(0, len(turns), 3))

    assert len(rounds) == len(set(rounds)) == ORDERS
    assert measuring.ROUNDS % ORDERS == 0


@pytest.mark.parametrize("rounds", [measuring.ROUNDS, snapshots.ROUNDS])
def test_every_row_is_measured_in_enough_rounds(rounds: int) -> None:
    assert rounds >= FEWEST
    assert [len(one.taken) for one in measured(works([]), rounds).values()] == [rounds] * 3


def test_every_row_warms_every_driver_and_changes_their_order() -> None:
    for what, turns in benchmarked(rounds=2).items():
        assert turns[:3] == list(DRIVERS), what
        assert turns[3:] == ["first", "second", "third", "first", "third", "second"], what


def test_images_are_created_on_an_empty_database_each_time() -> None:
    events: list[tuple[str, str]] = []
    api = Recorder("only", events)
    work = calls.rows(2)["create 2 images with children"](calls.Driver(api, api.reset))
    measured({"only": work}, rounds=3)
    functions = [function for _, function in events]

    created = ["reset", "image_create", "image_create", "image_member_create"]
    assert functions == created * 4


def test_what_is_told_is_the_median_with_the_least_and_the_most() -> None:
    assert Spread([3, 1, 200]).told() == "3.00 (1.00..200)"
    assert Spread([0.002, 0.004]).told(0.001) == "3.00 (2.00..4.00)"


def test_numbers_come_with_the_day_the_machine_and_the_versions() -> None:
    told = context(["attrs"])

    assert f"{dt.datetime.now(tz=dt.UTC):%Y-%m-}" in told
    assert f"{os.cpu_count()} cores" in told
    assert f"CPython {platform.python_version()}, simple_db {simple_db.__version__}, attrs " in told


# --- what the commands print, and the pages state ----------------------------------------------


def printed(table: Any) -> str:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def stated(page: str, command: str) -> dict[str, str]:
    """Give the rows of a page's table that are reproduced by a command, each by its name."""
    found, ours = {}, False
    for line in (PROJECT / page).read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) > 2 and line.startswith("|"):
            ours = f"`{command}`" == cells[-1] or (ours and cells[-1] == "likewise")
            if ours:
                found[re.sub(r" \(.*", "", cells[0])] = line
    return found


def test_the_readme_states_rows_that_the_benchmarks_print_with_day_and_machine() -> None:
    rows = stated("README.md", ".venv/bin/python -m benchmarks")
    first = next(iter(rows.values()))

    assert len(rows) >= 3
    assert rows.keys() <= calls.rows(calls.IMAGES).keys()
    assert re.search(r"\d{4}-\d\d-\d\d", first)
    assert re.search(r"\d+ cores.*, CPython \d\.\d+", first)


def test_the_page_of_snapshots_states_rows_that_the_benchmarks_print_with_day_and_machine(
    tmp_path: Path,
) -> None:
    path = str(tmp_path / "glance.json")
    (db := snapshots.seed(1)).save(path)
    names = [name for name, _ in snapshots.times(path, db, rounds=1)]
    page = (PROJECT / "docs" / "snapshot.md").read_text()
    told = page[page.index("`.venv/bin/python -m benchmarks.snapshots") :]
    told = told[: told.index("\n## ")]

    assert re.findall(r"^\| (\w+) \|", told, re.MULTILINE) == names
    assert set(names) <= snapshots.PEAKS.keys()
    assert f"{snapshots.IMAGES:,} images" in page
    assert re.search(r"\d{4}-\d\d-\d\d", told)
    assert re.search(r"\d+ cores.*, CPython \d\.\d+", told)


def test_the_table_has_every_row_and_driver_with_its_ratio() -> None:
    of = {name: calls.Driver(database := Database(), database.store.check) for name in DRIVERS}
    found = {
        what: {"first": Spread([0.001]), "second": Spread([0.002]), "third": Spread([0.5])}
        for what in calls.rows(1000)
    }
    told = printed(calls.table(iter(found.items()), list(of)))

    assert [what for what in found if what not in told] == []
    assert told.count("2.00 (2.00..2.00)") == told.count("ratio 2 ") == len(found)
    assert told.count("ratio 1 ") == told.count("ratio 500") == len(found)


def test_the_memory_that_each_takes_is_measured_in_every_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number = itertools.count()
    monkeypatch.setattr(snapshots, "peak", lambda _what, _path: next(number))
    found = snapshots.peaks("glance.json", rounds=5)

    assert found.keys() == snapshots.PEAKS.keys()
    assert [len(set(one.taken)) for one in found.values()] == [5] * len(found)

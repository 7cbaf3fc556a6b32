"""simple_db and Glance's SQL driver side by side: one call for both, and what it must leave.

What may differ is in docs/semantics.md. All else is equal: answers, exception classes,
what the texts of errors name, and every row of every table, deleted rows, times and ids included.
"""

from __future__ import annotations

import copy
import re
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen
from glance.common.exception import GlanceException

from simple_db import Database
from simple_db.model.errors import SimpleDBError
from simple_db.oracle.programs.calls import placed, resolved
from simple_db.oracle.semantics import TABLES
from simple_db.oracle.targets.target import reference, rows_of
from tests.support.build import ruin
from tests.support.reference import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from simple_db.oracle.programs.calls import Call
    from simple_db.oracle.targets.target import DriverTarget
    from tests.support.reference import SqlDriver
    from tests.support.world import World

Arguments = dict[str, Any]


def _leaks() -> dict[tuple[str, str], str]:
    """Read what simple_db does by function and leaked exception: ``returns`` or ``raises ...``."""
    everywhere = [
        line
        for entry in TABLES["divergence"]
        if entry["kind"] == "leak" and "databases" not in entry
        for line in entry["fingerprints"]
    ]
    leaks = {}
    for line in everywhere + [line for lines in TABLES["leaks"].values() for line in lines]:
        function, outcomes, *_ = line.split(" | ")
        ours, theirs = outcomes.split(" / ")
        leaks[function, theirs.removeprefix("raises ")] = ours
    return leaks


# What simple_db returns and the driver cannot is left out on both sides.
LEAKS = _leaks()

# Functions that fail in the driver and leave a trace all the same: D22, D61 and D23.
LEAVES_A_TRACE = {"image_create", "image_update", "task_create", "task_update"}

# Lists that the driver gives in whatever order SQLite finds them: D55.
HAS_NO_ORDER = {
    "metadef_object_get_all",
    "metadef_property_get_all",
    "metadef_resource_type_association_get_all_by_namespace",
    "metadef_resource_type_get_all",
}


@frozen
class Outcome:
    """What a call came to: an answer, or the name of an exception's class."""

    answer: Any = None
    error: str | None = None
    leaked: bool = False
    told: str = ""


def a_database_in(world: World) -> Database:
    """Make a database with the time and the ids of the world."""
    return Database(clock=world.now, new_id=world.new_id)


class Pair:
    """Both databases, empty at first, in one world."""

    def __init__(self, driver: SqlDriver, make: Callable[[World], Any] = a_database_in) -> None:
        driver.world.restart()
        driver.reset()
        self.driver = driver
        self.world = driver.world
        self.db = make(driver.world)
        self._theirs, self._ours = driver.target, reference(self.db)
        self._snapshot = self.db.snapshot()

    def hold(self, call: Call) -> None:
        """Make a call on both sides, and compare them."""
        theirs_given, given = (self._given(call, target) for target in (self._theirs, self._ours))
        assert given == theirs_given, f"before {call}, reference and simple_db find other rows"
        self.world.next_turn()
        theirs = self._outcome_of_theirs(call, given)
        if theirs.leaked and LEAKS.get((call.function, str(theirs.error))) == "returns":
            return
        ours = self._outcome_of_ours(call, given)
        if ours.error != _expected_error(call, theirs):
            two_faults = theirs.error is not None and ours.error in self._faults_of(call, given)
            assert two_faults, f"{call}: reference {theirs}, simple_db {ours}"
        if ours.error == theirs.error:
            _hold_texts(call, given, theirs.told, ours.told)
        differing = _differing(self.driver.dump(), rows_of(self.db))
        assert not differing, f"after {call}, reference and simple_db: {differing}"
        if theirs.error is None:
            _hold_answers(call.function, theirs.answer, ours.answer)

    def _given(self, call: Call, target: DriverTarget) -> Arguments:
        """Give the arguments, with the ids of rows that are looked up on this side."""
        with self.driver.in_its_world():
            return {name: resolved(value, target.call) for name, value in call.arguments}

    def _outcome_of_theirs(self, call: Call, given: Arguments) -> Outcome:
        """Call the driver; undo what it leaves of a call that raises, where that is known."""
        before = self.driver.state() if call.function in LEAVES_A_TRACE else None
        with self.driver.in_its_world():
            theirs = _outcome(self._theirs, call, copy.deepcopy(given), GlanceException)
        if before and theirs.error is not None:
            self.driver.back_to(before)
        return theirs

    def _outcome_of_ours(self, call: Call, given: Arguments) -> Outcome:
        """Call simple_db, and check what it promises of every call."""
        before, handed = self._snapshot, copy.deepcopy(given)
        ours = _outcome(self._ours, call, handed, SimpleDBError)
        self.db.check()
        self._snapshot = self.db.snapshot()
        assert handed == given, f"{call} changed its arguments"
        assert ours.error is None or before == self._snapshot, f"{call} failed and left a trace"
        answer = copy.deepcopy(ours.answer)
        ruin(ours.answer)
        ruin(handed)
        assert self.db.snapshot() == self._snapshot, f"{call} shares something with the store"
        return evolve(ours, answer=answer)

    def _faults_of(self, call: Call, given: Arguments) -> list[str]:
        """Tell what is wrong with the arguments, whatever else is: "two faults in one call".

        It is what simple_db says of them on an empty database, or to an administrator who asks for
        no state.
        """
        by_admin = evolve(call, context=call.context and "admin")
        any_state = {key: part for key, part in given.items() if key != "from_state"}
        same = Database()
        same.restore(self._snapshot)
        outcomes = [
            _outcome(reference(db), by_admin, copy.deepcopy(any_state), SimpleDBError)
            for db in (Database(), same)
        ]
        return [one.error for one in outcomes if one.error and one.error.startswith("Invalid")]


def _outcome(
    target: DriverTarget, call: Call, given: Arguments, own_error: type[Exception]
) -> Outcome:
    try:
        return Outcome(plain(target.call_with(call.function, call.context, given)))
    except Exception as error:  # noqa: BLE001 - whatever it is, the other side must match it
        leaked = not isinstance(error, own_error)
        return Outcome(None, type(error).__name__, leaked, str(error))


def _expected_error(call: Call, theirs: Outcome) -> str | None:
    """Give what simple_db must raise: the class that the reference raises, or that of the leak."""
    if not theirs.leaked:
        return theirs.error
    leak = LEAKS.get((call.function, str(theirs.error)))
    assert leak, f"a leak that is not in simple_db/oracle/semantics.toml: {call}: {theirs}"
    return leak.removeprefix("raises ")


def _hold_texts(call: Call, given: Arguments, theirs: str, ours: str) -> None:
    """Hold the text of an error to name what Glance's names of the arguments, in the same order."""
    places, _options = placed(call.function, given)
    known = set(_atoms(places))
    named = [word for word in re.findall(r"[\w:/-]+", theirs) if word in known]
    left = iter(re.findall(r"[\w:/-]+", ours))
    assert all(word in left for word in named), f"{call}: {named} of {theirs!r} in {ours!r}"


def _atoms(value: Any) -> Iterator[str]:
    """Give the texts and numbers of arguments; a mapping, of which Glance tells little, is none."""
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from _atoms(part)
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        yield str(value)


# What the reference echoes of the values of a new property, instead of reading it back.
_ECHOED = frozenset({"value", "unknown"})


def _hold_answers(function: str, theirs: Any, ours: Any) -> None:
    if function == "image_property_create":  # "a new property comes back whole"
        kept = theirs.keys() - _ECHOED
        theirs, ours = ({key: answer[key] for key in kept} for answer in (theirs, ours))
    if function in HAS_NO_ORDER:
        theirs, ours = (sorted(answer, key=itemgetter("name")) for answer in (theirs, ours))
    assert ours == theirs, f"{function}: reference and simple_db: {_differing(theirs, ours)}"


def _differing(theirs: Any, ours: Any) -> Any:
    """Give the parts in which two values differ, as pairs; nothing where they are equal."""
    if isinstance(theirs, dict) and isinstance(ours, dict) and theirs.keys() == ours.keys():
        parts = {key: _differing(theirs[key], ours[key]) for key in theirs}
        return {key: part for key, part in parts.items() if part}
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        return [part for part in map(_differing, theirs, ours) if part]
    return () if theirs == ours else (theirs, ours)

"""simple_db and Glance's SQL driver side by side: one call for both, and what it must leave.

The two give different ids to the rows of child tables, so a row is called by its place: the
first location, the second, and so on, in the order in which they were added.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from attrs import frozen
from glance.common.exception import GlanceException

from simple_db import Database, RequestContext
from simple_db.model.errors import SimpleDBError
from simple_db.model.records import RECORDS, Record, columns_of, counts_ids
from simple_db.oracle.semantics import TABLES
from tests.support.build import ruin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.support.reference import SqlDriver
    from tests.support.world import World

ADMIN = RequestContext(is_admin=True)
NO_ROW = 10**6

CHILDREN = {
    "locations": "image_locations",
    "properties": "image_properties",
    "members": "image_members",
}


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


# The machine leaves out on both sides what simple_db returns and the driver cannot.
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
class RowAt:
    """The row at this place of a child table, or none if the table has fewer rows."""

    table: str
    place: int


@frozen
class Outcome:
    """What a call came to: an answer, or the name of an exception's class."""

    answer: Any = None
    error: str | None = None
    leaked: bool = False
    told: str = ""


class Side:
    """One database of the two, and the ids of its rows."""

    def __init__(self, call: Callable[..., Any], own_error: type[Exception]) -> None:
        self._call = call
        self._own_error = own_error
        self.tables: dict[str, list[dict[str, Any]]] = {}

    def learn(self, tables: dict[str, list[dict[str, Any]]]) -> None:
        """Take note of all rows, in the order of their ids."""
        self.tables = {
            record.table: sorted(tables[record.table], key=itemgetter(*record.key))
            for record in RECORDS
        }

    def outcome(self, function: str, args: Any, kwargs: Any) -> Outcome:
        try:
            return Outcome(self._call(function, *args, **kwargs))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other side must match it
            leaked = not isinstance(error, self._own_error)
            return Outcome(None, type(error).__name__, leaked, str(error))

    def id_at(self, row: RowAt) -> int:
        ids = list(self._places(row.table))
        return int(ids[row.place]) if row.place < len(ids) else NO_ROW

    def own_copy(self, value: Any) -> Any:
        """Copy arguments deeply, with this side's ids for rows."""
        if isinstance(value, RowAt):
            return self.id_at(value)
        if isinstance(value, dict):
            return {key: self.own_copy(part) for key, part in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self.own_copy(part) for part in value)
        return value

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Give all rows with places instead of ids."""
        return {name: self._placed(rows, name) for name, rows in self.tables.items()}

    def placed(self, answer: Any) -> Any:
        """Give an answer with places instead of ids."""
        if isinstance(answer, list):
            return [self.placed(part) for part in answer]
        if not isinstance(answer, dict):
            return answer
        if "properties" in answer:
            return answer | {key: self._placed(answer[key], CHILDREN[key]) for key in _IN_IMAGES}
        return self._placed([answer], _table_of(answer))[0]

    def _placed(self, dicts: list[dict[str, Any]], table: str) -> list[dict[str, Any]]:
        # A row that the call has removed has no place any more.
        places = {name: self._places(of) for name, of in NUMBERED[table].items()}
        return [
            part | {name: by_id.get(part[name]) for name, by_id in places.items() if name in part}
            for part in dicts
        ]

    def _places(self, table: str) -> dict[int, int]:
        """Give the places of a table's rows by their ids."""
        [key] = RECORD_OF[table].key
        return {row[key]: place for place, row in enumerate(self.tables[table])}


def side_of(db: Database) -> Side:
    return Side(lambda name, *a, **k: getattr(db, name)(*a, **k), SimpleDBError)


_IN_IMAGES = ("locations", "properties")

RECORD_OF = {record.table: record for record in RECORDS}


def _numbered_columns(record: type[Record]) -> dict[str, str]:
    """Give the columns that hold an id which a database made up, and the table it is from."""
    own = {name: record.table for name in record.key if counts_ids(record)}
    references = {
        name: column.type.references
        for name, column in columns_of(record).items()
        if column.type.references and counts_ids(RECORD_OF[column.type.references])
    }
    return own | references


NUMBERED = {record.table: _numbered_columns(record) for record in RECORDS}

# The first of these keys that an answer has tells the table that it is from.
_TELLING_KEYS = {
    "member": "image_members",
    "expires_at": "tasks",
    "node_reference_url": "node_reference",
    "hits": "cached_images",
    "prefix": "metadef_namespace_resource_types",
    "namespace": "metadef_namespaces",
    "required": "metadef_objects",
    "json_schema": "metadef_properties",
    "namespace_id": "metadef_tags",
    "protected": "metadef_resource_types",
    "image_id": "image_properties",
}


def _table_of(answer: dict[str, Any]) -> str:
    return next(table for key, table in _TELLING_KEYS.items() if key in answer)


def tables_of(snapshot: bytes) -> dict[str, list[dict[str, Any]]]:
    """Read the rows out of a snapshot, with times as times."""
    return {
        name: [{key: _time(key, part) for key, part in row.items()} for row in rows]
        for name, rows in json.loads(snapshot)["tables"].items()
    }


def _time(column: str, value: Any) -> Any:
    if column.endswith(("_at", "_accessed", "_modified")) and isinstance(value, str):
        return dt.datetime.fromisoformat(value)
    return value


class Pair:
    """Both databases, empty at first, in one world."""

    def __init__(self, world: World, reference: SqlDriver) -> None:
        world.restart()
        reference.reset()
        self.world = world
        self.reference = reference
        self.db = Database(clock=world.now, new_id=world.new_id)
        self.theirs = Side(reference.call, GlanceException)
        self.ours = side_of(self.db)
        self._learn()

    def place_of(self, table: str, choice: int) -> RowAt:
        """Choose a row of a table, or with 0 one that does not exist."""
        count = len(self.ours.tables[table])
        return RowAt(table, choice % count if choice and count else count)

    def row_like(self, table: str, choice: int, **otherwise: Any) -> dict[str, Any]:
        """Choose a row of a table, or with 0 make do with these columns."""
        rows = self.ours.tables[table]
        return rows[choice % len(rows)] if choice and rows else otherwise

    def hold(self, function: str, /, *args: Any, **kwargs: Any) -> Outcome:
        """Make a call on both sides, hold them to agree, and give the reference's outcome."""
        self.world.next_turn()
        given = [list(_atoms(side.own_copy([args, kwargs]))) for side in (self.theirs, self.ours)]
        theirs = self.theirs.outcome(
            function, self.theirs.own_copy(args), self.theirs.own_copy(kwargs)
        )
        self._undo_trace(function, theirs)
        if theirs.leaked and LEAKS.get((function, str(theirs.error))) == "returns":
            return theirs
        ours = self._outcome_of_ours(function, args, kwargs)
        if ours.error != _expected_error(function, theirs):
            both_refuse = theirs.error is not None and ours.error == "Invalid"
            two_faults = both_refuse and self._at_fault(function, args, kwargs)
            assert two_faults, f"{function}: reference {theirs}, simple_db {ours}"
        if ours.error == theirs.error:
            _hold_texts(function, theirs.told, ours.told, zip(*given, strict=True))
        self._learn()
        differing = _differing(self.theirs.rows(), self.ours.rows())
        assert not differing, f"after {function}, reference and simple_db: {differing}"
        if theirs.error is None:
            _hold_answers(function, self.theirs.placed(theirs.answer), ours.answer)
        return theirs

    def look(self, function: str, /, *args: Any, **kwargs: Any) -> None:
        """Make a call that changes nothing on both sides, and hold them to agree."""
        theirs = self.theirs.outcome(
            function, self.theirs.own_copy(args), self.theirs.own_copy(kwargs)
        )
        ours = self.ours.outcome(function, args, kwargs)
        assert ours.error == _expected_error(function, theirs), f"{function}: {theirs}, {ours}"
        _hold_answers(function, self.theirs.placed(theirs.answer), self.ours.placed(ours.answer))

    def _outcome_of_ours(self, function: str, args: Any, kwargs: Any) -> Outcome:
        """Call simple_db, and hold it to what it promises of every call."""
        before = self.db.snapshot()
        given = self.ours.own_copy([args, kwargs])
        outcome = self.ours.outcome(function, *given)
        self.db.check()
        after = self.db.snapshot()
        assert given == self.ours.own_copy([args, kwargs]), f"{function} changed its arguments"
        assert outcome.error is None or before == after, f"{function} failed and left a trace"
        self.ours.learn(tables_of(after))
        placed = copy.deepcopy(self.ours.placed(outcome.answer))
        ruin(outcome.answer)
        ruin(given)
        assert self.db.snapshot() == after, f"{function} shares something with the store"
        return Outcome(placed, outcome.error, outcome.leaked, outcome.told)

    def _undo_trace(self, function: str, theirs: Outcome) -> None:
        """Hold the reference to 'a call that raises leaves no trace', which it does not keep."""
        if theirs.error is None or function not in LEAVES_A_TRACE:
            return
        self.reference.load(self._dump)

    def _at_fault(self, function: str, args: Any, kwargs: Any) -> bool:
        """Tell whether the arguments are at fault, whatever else is: "two faults in one call".

        They are where simple_db refuses them on an empty database, or from an administrator who
        asks for no state.
        """
        same = Database()
        same.restore(self.db.snapshot())
        anyone = [ADMIN if isinstance(arg, RequestContext) else arg for arg in args]
        any_state = {key: part for key, part in kwargs.items() if key != "from_state"}
        given = self.ours.own_copy(anyone), self.ours.own_copy(any_state)
        outcomes = [side_of(db).outcome(function, *given) for db in (Database(), same)]
        return "Invalid" in [outcome.error for outcome in outcomes]

    def _learn(self) -> None:
        self._dump = self.reference.dump()
        self.theirs.learn(self._dump)
        self.ours.learn(tables_of(self.db.snapshot()))


def _expected_error(function: str, theirs: Outcome) -> str | None:
    """Give what simple_db must raise: the class that the reference raises, or that of the leak."""
    if not theirs.leaked:
        return theirs.error
    leak = LEAKS.get((function, str(theirs.error)))
    assert leak, f"a leak of {function} that is not in simple_db/oracle/semantics.toml: {theirs}"
    return leak.removeprefix("raises ")


def _hold_texts(function: str, theirs: str, ours: str, given: Iterable[tuple[str, str]]) -> None:
    """Hold the text of an error to name what Glance's names of the arguments, in the same order.

    Each argument is given as the reference got it and as simple_db did: the same row can have
    another number on each side.
    """
    known: dict[str, set[str]] = {}
    for of_theirs, of_ours in given:
        known.setdefault(of_theirs, set()).add(of_ours)
    named = [word for word in re.findall(r"[\w:/-]+", theirs) if word in known]
    left = iter(re.findall(r"[\w:/-]+", ours))
    has_all = all(any(each in known[word] for each in left) for word in named)
    assert has_all, f"{function}: {named} of {theirs!r} in {ours!r}"


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

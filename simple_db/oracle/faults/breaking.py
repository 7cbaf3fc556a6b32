"""A fault: a function of the reference with one wrong behaviour."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import attrs
from attrs import frozen

from simple_db.api import Database
from simple_db.model.records import key_of
from simple_db.model.shapes import RequestContext
from simple_db.oracle.programs.strategies import op_of

if TYPE_CHECKING:
    from simple_db.store import Table, Tables

ADMIN = RequestContext(is_admin=True)
"""A fault reads as this caller what its own caller may not see."""


@frozen
class Asked:
    """A call that a fault answers.

    Attributes:
        database: The reference.
        function: The function that is called.
        given: The arguments by name, with the context.
        memory: What the fault keeps from call to call; empty after a reset.
    """

    database: Database
    function: str
    given: dict[str, Any]
    memory: dict[str, Any]

    @property
    def context(self) -> RequestContext:
        """Who calls."""
        context: RequestContext = self.given["context"]
        return context

    def answer(self, **changes: Any) -> Any:
        """Return the answer of the reference to the call with these arguments changed."""
        return getattr(self.database, self.function)(**(self.given | changes))

    def answer_as(self, **changes: Any) -> Any:
        """Return the answer of the reference to the caller with these attributes changed."""
        return self.answer(context=attrs.evolve(self.context, **changes))

    def answer_keeping(self, table: str, *columns: str) -> Any:
        """Return the answer of the reference, and put the rows of a table back as they were.

        Args:
            table: An attribute of `simple_db.store.Tables`.
            columns: The columns to put back; none for all.
        """
        with self.database.store.reading() as tables:
            before = list(getattr(tables, table).rows.values())
        answer = self.answer()
        with self.rows(table) as rows:
            for row in before:
                now = rows.get(key_of(row))
                kept = {column: getattr(row, column) for column in columns}
                rows.put(attrs.evolve(now, **kept) if now and kept else row)
        return answer

    @contextmanager
    def tables(self) -> Iterator[Tables]:
        """Yield the tables, so that a fault can change any row."""
        with self.database.store.writing() as tables:
            yield tables

    @contextmanager
    def rows(self, table: str) -> Iterator[Table[Any]]:
        """Yield one table, so that a fault can change any row."""
        with self.tables() as tables:
            yield getattr(tables, table)


Spoil = Callable[[Asked], Any]


@frozen
class Fault:
    """A way in which a driver can be wrong.

    Attributes:
        name: What goes wrong, in words.
        clause: The rule of the API that is broken, as a sentence.
        row: The row of docs/semantics.md with that rule.
        functions: The functions that are wrong.
        ops: The parts of the API that a program needs to show it.
        spoil: Answers a call of one of the functions, wrongly.
    """

    name: str
    clause: str
    row: str
    functions: tuple[str, ...]
    ops: frozenset[str]
    spoil: Spoil


def breaks(*functions: str, row: str = "R2", also: Sequence[str] = ()) -> Callable[[Spoil], Fault]:
    """Make a fault of a function: its name says what goes wrong, its docstring is the clause.

    Args:
        functions: The functions of the API that are wrong.
        row: The row of docs/semantics.md that is broken.
        also: Further parts of the API that a program needs to show it.
    """

    def fault(spoil: Spoil) -> Fault:
        return Fault(
            name=spoil.__name__.replace("_", " "),
            clause=inspect.getdoc(spoil) or "",
            row=row,
            functions=functions,
            ops=frozenset({*map(op_of, functions), *also}),
            spoil=spoil,
        )

    return fault


class FaultyDatabase:
    """A driver with a fault: the reference, except for the functions of the fault.

    Args:
        fault: The fault; None for a driver without one.
        database: The reference; by default one of its own.
    """

    def __init__(self, fault: Fault | None, database: Database | None = None) -> None:
        self.database = database or Database()
        self._memory: dict[str, Any] = {}
        if fault is not None:
            for function in fault.functions:
                setattr(self, function, self._spoilt(function, fault.spoil))

    def __getattr__(self, name: str) -> Any:
        """Return the function of the reference."""
        return getattr(self.database, name)

    def reset(self) -> None:
        """Forget every row, and what the fault keeps."""
        self.database.reset()
        self._memory.clear()

    def _spoilt(self, function: str, spoil: Spoil) -> Callable[..., Any]:
        right = getattr(self.database, function)
        signature = inspect.signature(right)

        @functools.wraps(right)
        def wrong(*places: Any, **names: Any) -> Any:
            given = dict(signature.bind(*places, **names).arguments)
            return spoil(Asked(self.database, function, given, self._memory))

        return wrong

"""Run one module of Glance's tests in this process, and report each test as a line of JSON.

    python -P -m tests.conformance.child SUBSTITUTION SECONDS MODULE [TEST ...]

Glance's tests share much global state, so every module gets a process; and they want to be run from
a checkout of the sources and write a log there, so that `tests.conformance.runs` prepares the
working directory. A test that takes longer than SECONDS has failed. With names, only these are run.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import unittest
import warnings
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from glance.db import simple
from oslo_config import cfg
from oslo_db import options

from simple_db.glance import api, install

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType


class Report(unittest.TestResult):
    """Writes how each test ended, and ends the tests that do not end by themselves."""

    def __init__(self, stream: TextIO, seconds: float) -> None:
        super().__init__()
        self._stream = stream
        self._seconds = seconds
        self._told: set[str] = set()

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
        super().startTest(test)
        # Once is not enough where a loop of the test's own swallows the error.
        signal.setitimer(signal.ITIMER_REAL, self._seconds, 1)

    def stopTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
        signal.setitimer(signal.ITIMER_REAL, 0)
        super().stopTest(test)

    def addSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
        super().addSuccess(test)
        self.tell(test.id(), "passed")

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: N802 - unittest's name
        super().addSkip(test, reason)
        self.tell(test.id(), "skipped", reason)

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802 - unittest's name
        super().addFailure(test, err)
        self.tell(test.id(), "failed", self.failures[-1][1])

    def addError(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802 - unittest's name
        super().addError(test, err)
        self.tell(test.id(), "failed", self.errors[-1][1])

    def tell(self, name: str, outcome: str, why: str = "") -> None:
        """Write a line, but only the first one about a test."""
        if name not in self._told:
            self._told.add(name)
            print(json.dumps([name, outcome, why]), file=self._stream, flush=True)


def substitute_the_fake() -> None:
    """Put simple_db where Glance's unit tests find the in-tree fake, now and when they patch it."""
    simple.api = api
    sys.modules["glance.db.simple.api"] = api
    mend_fixtures()


def substitute_the_sql_driver() -> None:
    """Give each functional test an empty database of ours in place of a new SQLite file."""
    functional = importlib.import_module("glance.tests.functional")

    def setup_database(self: Any) -> None:
        installation = install()
        self.addCleanup(installation.uninstall)
        self.mock_object(functional, "db_api", installation.driver)

    functional.SynchronousAPIBase.setup_database = setup_database


SUBSTITUTIONS: dict[str, Callable[[], None]] = {
    "nothing": lambda: None,
    "fake": substitute_the_fake,
    "sql driver": substitute_the_sql_driver,
}


class Mended:
    """The two methods with which `FakeDB` asks for no more than a database of Glance's can do.

    The in-tree fake stores tasks without an owner, where the column takes no null; and it lets the
    caller number the nodes, for which the SQL driver has no parameter. So many tests do the one or
    the other in their `setUp` that they are given an owner, and the numbers that come out anyway.
    """

    @staticmethod
    def task_create(context: Any, values: dict[str, Any]) -> Any:
        """Create a task, which belongs to the first project of the tests if to none."""
        owner = values.get("owner") or importlib.import_module("glance.tests.unit.utils").TENANT1
        return api.task_create(context, {**values, "owner": owner})

    @staticmethod
    def node_reference_create(context: Any, url: str, node_reference_id: int | None = None) -> Any:
        """Make a node known, and see to it that it has the number that was asked for."""
        node = api.node_reference_create(context, url)
        if node_reference_id not in {None, node["node_reference_id"]}:
            raise AssertionError(f"the node has the number {node['node_reference_id']}")
        return node


def mend_fixtures() -> None:
    """Put the methods of `Mended` into the class that Glance's unit tests use as a database."""
    fake_db = importlib.import_module("glance.tests.unit.utils").FakeDB
    for name in ("task_create", "node_reference_create"):
        setattr(fake_db, name, staticmethod(getattr(Mended, name)))


def cases(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    """Yield the tests of a suite, whatever suites are in it."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from cases(test)
        else:
            yield test


def give_up(signum: int, frame: FrameType | None) -> NoReturn:
    raise TimeoutError("the test takes too long")


def main() -> None:
    substitution, seconds, name, *only = sys.argv[1:]
    report = Report(os.fdopen(os.dup(1), "w"), float(seconds))
    os.dup2(2, 1)  # what the tests print goes to the log
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, give_up)
    # One module of Glance's tests does it for the others when all run in one process.
    options.set_defaults(cfg.CONF, connection="sqlite://")
    SUBSTITUTIONS[substitution]()
    suite = unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(name))
    chosen = [case for case in cases(suite) if not only or case.id() in only]
    unittest.TestSuite(chosen).run(report)
    report.tell("", "done")


if __name__ == "__main__":
    main()

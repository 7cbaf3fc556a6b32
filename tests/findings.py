"""The table of docs/oracle.md: what the oracle finds in a target, function by function.

::

    simple-db oracle glance.db.simple.api --budget 5m --threads 3 --json oracle.json
    python -m tests.findings oracle.json
"""

from __future__ import annotations

import json
import statistics
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

HEADER = "| function | outcomes on simple_db / the fake, and fields that differ |\n|---|---|"


def summary(report: dict[str, Any]) -> str:
    """Return the numbers of a report, as ``--json`` writes it, in a line."""
    lengths = [len(one["program"]) for one in report["divergences"]]
    ways = {(one["function"], one["outcomes"], one["field"]) for one in report["divergences"]}
    return (
        f"{report['programs']:,} programs, {report['calls']:,} calls; "
        f"{len(report['signatures'])} differences of signature, {len(report['races'])} races; "
        f"{len(lengths)} shortest programs, the median of {statistics.median(lengths):g} calls, "
        f"the longest of {max(lengths)}; {len(ways)} differ in function, outcomes or field"
    )


def table(report: dict[str, Any]) -> str:
    """Return a report's divergences as a table in Markdown."""
    found: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for one in report["divergences"]:
        outcomes, fields = found[one["function"]]
        if one["outcomes"] == "returns / returns":
            fields.add(f"`{one['field']}`" if one["field"] else "another answer")
        else:
            outcomes.add(one["outcomes"] + (f" (`{one['field']}`)" if one["field"] else ""))
    return "\n".join([HEADER, *(_row(function, *found[function]) for function in sorted(found))])


def _row(function: str, outcomes: set[str], fields: set[str]) -> str:
    parts = [*sorted(outcomes), *filter(None, [", ".join(sorted(fields))])]
    name = function if " " in function else f"`{function}`"
    return f"| {name} | {'; '.join(parts)} |"


if __name__ == "__main__":
    written = json.loads(Path(sys.argv[1]).read_text())
    print(summary(written), table(written), sep="\n\n")  # noqa: T201 - a command

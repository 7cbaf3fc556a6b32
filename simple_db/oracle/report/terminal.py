"""The result on a terminal: each divergence with its shortest program, tables, the verdict."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from attrs import evolve
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from simple_db.oracle.comparing.outcomes import CallOutcome, Raised
from simple_db.oracle.findings import sentences
from simple_db.oracle.findings.clauses import clause_of
from simple_db.oracle.findings.evidence import explained
from simple_db.oracle.programs.calls import tidied
from simple_db.oracle.programs.cast import CAST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from rich.console import Console

    from simple_db.operations.explanation import Explanation
    from simple_db.oracle.findings.evidence import Evidence
    from simple_db.oracle.races.search import RaceFindings
    from simple_db.oracle.report.result import Result

_RIGHT, _WRONG, _QUIET = "green", "red", "dim"
_WIDE = 140
"""From this many columns on, an explanation is shown beside its program."""

_LONGEST_ANSWER = 300
_COLUMNS = 3


def show(result: Result, console: Console) -> None:
    """Print the result: divergences, calls, the register, and at last the verdict."""
    for number, (evidence, path) in enumerate(result.with_paths, 1):
        _show_evidence(number, evidence, path, console)
    _show_outcomes(result, console)
    if result.races is not None:
        _show_races(result, result.races, console)
    _show_coverage(result, console)
    _show_register(result, console)
    _show_verdict(result, console)


def show_signatures(result: Result, console: Console) -> None:
    """Print the differences of signature, which show before anything runs."""
    if not result.new_signatures:
        return
    table = _table("Signatures", "function", "what is different")
    for function, phrases in _grouped((one.function, one.what) for one in result.new_signatures):
        table.add_row(function, "\n".join(phrases))
    console.print(table, "")


def _grouped(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    yield from groups.items()


# --- a divergence --------------------------------------------------------------------------------


def _show_evidence(number: int, evidence: Evidence, path: Path | None, console: Console) -> None:
    divergence = evidence.divergence
    clause = clause_of(divergence.fingerprint)
    console.print(Text(f"{number}. {sentences.sentence(divergence)}", "bold"))
    story = _story(evidence)
    reasons = explained(divergence)
    if reasons is not None and console.width >= _WIDE:
        beside = Table.grid(padding=(0, 3), expand=True)
        beside.add_column(ratio=3)
        beside.add_column(ratio=2)
        beside.add_row(story, _reasons(reasons))
        console.print(beside)
    else:
        console.print(story)
    notes = _lines()
    if reasons is not None and console.width < _WIDE:
        notes.add_row("why", _reasons(reasons))
    if clause.row != "R2":
        notes.add_row("clause", Text(f"{clause.row}: {clause.says}", _QUIET))
    notes.add_row("fingerprint", Text(str(divergence.fingerprint).strip(), _QUIET))
    if path is not None:
        notes.add_row("test", Text(str(path), _QUIET))
    if not evidence.repeated:
        notes.add_row("", Text("It did not occur again when its program was run again.", "yellow"))
    console.print(notes, "")


def _story(evidence: Evidence) -> Table:
    """Return the program, and what each side has where they differ."""
    divergence, difference = evidence.divergence, evidence.divergence.difference
    story = _lines()
    for place, call in enumerate(divergence.program, 1):
        tidy = tuple((name, tidied(value)) for name, value in call.arguments)
        story.add_row(str(place), Text(str(evolve(call, arguments=tidy))))
    if difference.field:
        story.add_row("in", Text(difference.field, "bold"))
        shown = _labels if difference.field.endswith((" missing", " extra", " order")) else _there
        expected, actual = shown(difference.expected), shown(difference.actual)
    else:
        expected, actual = _outcome(divergence.expected), _outcome(divergence.actual)
    story.add_row("reference", Text(expected, _RIGHT))
    story.add_row("target", Text(actual, _WRONG))
    return story


def _lines() -> Table:
    """Return a grid of lines with a label before each."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", min_width=len("fingerprint"), style=_QUIET)
    grid.add_column(overflow="fold")
    return grid


def _outcome(outcome: CallOutcome) -> str:
    if isinstance(outcome, Raised):
        return f"raises {outcome.error}: {_short(outcome.message)}"
    return f"returns {_short(repr(_beginning(outcome.value)))}"


def _there(value: Any) -> str:
    return "(no such key)" if value is ... else _short(repr(value))


def _labels(rows: Sequence[str]) -> str:
    return _short(", ".join(rows)) if rows else "(none)"


def _beginning(value: Any) -> Any:
    """Return an answer with only the first columns of each row."""
    if isinstance(value, list):
        return [_beginning(part) for part in value]
    if isinstance(value, dict) and len(value) > _COLUMNS:
        return dict(list(tidied(value).items())[:_COLUMNS]) | {"...": ...}
    return value


def _short(text: str) -> str:
    line = " ".join(text.split()).replace("'...': Ellipsis", "...")
    return line if len(line) <= _LONGEST_ANSWER else f"{line[:_LONGEST_ANSWER]}…"


def _reasons(explanation: Explanation) -> Text:
    """Return the three answers, and a line for each question behind them."""
    answers = {
        "visible": explanation.visible,
        "mutable": explanation.mutable,
        "listed": explanation.listed,
    }
    summary = ", ".join(f"{'' if holds else 'not '}{what}" for what, holds in answers.items())
    reasons = Text(f"{explanation.subject}: {summary}", "cyan")
    for reason in explanation.reasons:
        reasons.append(f"\n{reason.question:<10} {'yes' if reason.holds else 'no':<3} ", "bold")
        reasons.append(reason.why, _QUIET)
    return reasons


# --- tables --------------------------------------------------------------------------------------


def _show_outcomes(result: Result, console: Console) -> None:
    if not result.evidence:
        return
    table = _table("Divergences", "function", "reference / target", "count", "in")
    fields: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for evidence in result.evidence:
        fingerprint = evidence.divergence.fingerprint
        fields[fingerprint.function, fingerprint.outcomes].append(fingerprint.field)
    for (function, outcomes), found in sorted(fields.items()):
        named = ", ".join(dict.fromkeys(filter(None, found)))
        table.add_row(function, outcomes, str(len(found)), escape(named))
    console.print(table, "")


def _show_coverage(result: Result, console: Console) -> None:
    """Print who called what: a function that nobody called does not agree."""
    calls: Counter[str] = Counter()
    callers: dict[str, Counter[str]] = defaultdict(Counter)
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    for cell, count in result.findings.coverage.items():
        calls[cell.function] += count
        callers[cell.function][cell.context] += count
        outcomes[cell.function][cell.outcome.removeprefix("raises ")] += count
    table = _table("What was called", "function", "calls", "by", "outcomes on the reference")
    for function in sorted(calls):
        table.add_row(
            function,
            f"{calls[function]:,}",
            _strip(callers[function]),
            ", ".join(
                f"{name} {count:,}" if console.width >= _WIDE else name
                for name, count in outcomes[function].most_common()
            ),
        )
    console.print(table)
    console.print(
        Text(
            f"by: a character for each caller, in the order {', '.join(CAST)}. It is the number of"
            " digits of the number of calls; · is no call, - a function without a caller.",
            _QUIET,
        )
    )
    reached = ", ".join(f"{one} {n:,}" for one, n in result.findings.statuses.most_common())
    console.print(f"Statuses of the images that were created: {reached or 'none'}.")
    if result.never_called:
        console.print(Text(f"Never called: {', '.join(result.never_called)}.", "yellow"))
    console.print()


def _strip(callers: Mapping[str, int]) -> str:
    """Return a character for each caller: the number of digits of the number of calls."""
    if "" in callers:
        return "-" * len(CAST)
    return "".join(str(len(str(callers[name]))) if callers.get(name) else "·" for name in CAST)


def _show_register(result: Result, console: Console) -> None:
    if not result.known:
        return
    table = _table("Known", "kind", "reason", "fingerprint", "occurred")
    for entry in result.known:
        about = (entry.kind, escape(entry.reason))
        for fingerprint in entry.fingerprints:
            met = result.met.get(fingerprint, 0)
            is_stale = fingerprint in result.unmet
            count = Text("stale", _WRONG) if is_stale else Text(f"{met:,}")
            table.add_row(*about, escape(str(fingerprint)), count)
            about = ("", "")
    console.print(table)
    if result.unmet:
        console.print(
            Text(
                "Stale: many calls could have shown it, and none did. Remove it from the register.",
                _WRONG,
            )
        )
    console.print()


def _show_races(result: Result, races: RaceFindings, console: Console) -> None:
    for violation in result.true_races:
        console.print(Text(f"Race of {', '.join(sorted(violation.functions))}", "bold"))
        console.print(Text(str(violation)), "", soft_wrap=True)  # a bar cannot be broken
    count = len(result.true_races)
    others = len(races.violations) - count
    line = f"{races.histories:,} histories of threads, {count} that no order of calls explains"
    line += f"; {others} more that show without threads, too" if others else ""
    console.print(Text(f"{line}.", _WRONG if count else _RIGHT), "")


def _show_verdict(result: Result, console: Console) -> None:
    findings, request = result.findings, result.request
    console.print(
        f"{findings.programs:,} programs, {findings.calls:,} calls on each side in"
        f" {findings.seconds:.0f} s, seed {request.seed}, of {', '.join(request.ops)}."
    )
    if result.paths:
        proven = len(result.paths) - len(result.unproven)
        console.print(
            f"{_many(len(result.paths), 'test')} in {result.paths[0].parent}; {proven} of them, run"
            " here, passed on the reference and failed on the target."
        )
    if result.race_paths:
        count = _many(len(result.race_paths), "test")
        directory = result.race_paths[0].parent
        console.print(f"{count} of races in {directory}; a race does not occur in every run.")
    for path in result.unproven:
        console.print(Text(f"{path} does not show its divergence.", "yellow"))
    if result.agrees:
        console.print(Text(f"{request.target} agrees with the reference.", f"bold {_RIGHT}"))
    else:
        console.print(Text(f"{request.target} {_why_not(result)}.", f"bold {_WRONG}"))


def _why_not(result: Result) -> str:
    """Return how many there are of each kind."""
    counts = [
        (len(result.evidence), "divergence", ""),
        (len(result.new_signatures), "difference", " of signature"),
        (len(result.true_races), "race", ""),
        (len(result.unmet), "stale fingerprint", " in the register"),
    ]
    found = [f"{_many(count, one)}{more}" for count, one, more in counts if count]
    return f"differs from the reference: {', '.join(found)}"


def _many(count: int, one: str) -> str:
    return f"{count:,} {one}{'s' * (count != 1)}"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in columns:
        justify: Any = "right" if column in {"calls", "occurred", "count"} else "left"
        table.add_column(column, justify=justify, overflow="fold", header_style="underline")
    return table

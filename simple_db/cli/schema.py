"""The command ``simple-db schema``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from simple_db.cli import options, schema_picture, schema_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_DRAWINGS: dict[str, Callable[[], str]] = {
    "svg": schema_picture.svg,
    "mermaid": schema_text.mermaid,
    "markdown": schema_text.markdown,
}


@click.command()
@click.option(
    "--format",
    "form",
    default="svg",
    show_default=True,
    type=click.Choice(list(_DRAWINGS)),
    help="Picture, diagram in Mermaid's language, or page.",
)
@click.option(
    "--output",
    type=options.FILE,
    help="File to write.  [default: print it]",
)
def schema(form: str, output: Path | None) -> None:
    """Draw the tables: columns, types, keys and references."""
    drawing = _DRAWINGS[form]()
    if output is None:
        click.echo(drawing, nl=False)
        return
    try:
        output.write_text(drawing, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{output} cannot be written: {error.strerror}") from error

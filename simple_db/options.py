"""Options that several commands of ``simple-db`` have."""

from __future__ import annotations

import click

from simple_db import snapshot

max_bytes = click.option(
    "--max-bytes",
    default=snapshot.MAX_BYTES,
    show_default=True,
    type=click.IntRange(min=1),
    help="The largest snapshot, and journal, that is read or written, in bytes.",
)

"""The rows of docs/semantics.md, and how the oracle recognises them: semantics.toml."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any

FILE = "semantics.toml"

TABLES: dict[str, Any] = tomllib.loads(
    resources.files("simple_db.oracle").joinpath(FILE).read_text("utf-8")
)
"""What the file holds; its comments say what each table is."""

ROWS: dict[str, list[str]] = TABLES["rows"]
"""The cells of each row, by its number as in ``D1``. The first says in short what it is about."""

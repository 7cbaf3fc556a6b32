"""Golden texts: a whole expected text in a file, beside the test that compares with it.

With the environment variable REWRITE_GOLDEN set, the tests write the files anew; read the diff.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def assert_golden(text: str, path: Path) -> None:
    """Compare a text with that of the file; ends of lines in spaces do not count."""
    text = "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
    if os.environ.get("REWRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")

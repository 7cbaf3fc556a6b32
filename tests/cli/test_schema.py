from pathlib import Path

import pytest

from simple_db.cli import schema_picture, schema_text
from tests.support.command_line import said


@pytest.mark.parametrize(
    ("arguments", "drawn"),
    [
        ([], schema_picture.svg()),
        (["--format", "svg"], schema_picture.svg()),
        (["--format", "mermaid"], schema_text.mermaid()),
        (["--format", "markdown"], schema_text.markdown()),
    ],
)
def test_the_schema_is_printed_or_written(
    capsys: pytest.CaptureFixture[str], arguments: list[str], drawn: str
) -> None:
    assert said(capsys, "schema", *arguments) == drawn
    assert said(capsys, "schema", *arguments, "--output", "drawing") == ""
    assert Path("drawing").read_text("utf-8") == drawn

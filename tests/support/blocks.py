"""The blocks of code of the pages, and the commands in their lines, as a reader finds them."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from attrs import frozen
from markdown_it import MarkdownIt

from tests.support.serving import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from markdown_it.token import Token

CONTINUES = "<!-- continues -->"
"""What a page has before a block that is run where the block before it was."""

_COMMAND = re.compile(r"(?:[A-Z_]+=\S* )*(?:\S*bin/)?(?:simple-db|python[\d.]* -m|make|pip) \S")


@frozen
class Block:
    """A block of code of a page.

    Attributes:
        page: Its name in the project.
        line: Where it begins.
        language: What the page calls it: nothing where it is indented.
        text: What is in it.
        before: The block that it continues, if the page says so.
    """

    page: str
    line: int
    language: str
    text: str
    before: Block | None = None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Return every page that a reader is given."""
    names = ("README.md", "CONTRIBUTING.md", "SECURITY.md")
    return [*(PROJECT / name for name in names), *sorted(PROJECT.glob("docs/*.md"))]


def _parsed(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text())


def blocks(page: Path) -> Iterator[Block]:
    """Give the blocks of a page, fenced and indented."""
    latest: Block | None = None
    comment = ""
    for token in _parsed(page):
        if token.type in ("fence", "code_block"):
            line = (token.map or [0])[0] + 1
            before = latest if comment == CONTINUES else None
            name = str(page.relative_to(PROJECT))
            latest = Block(name, line, token.info.strip(), token.content, before)
            yield latest
        comment = token.content.strip() if token.type == "html_block" else ""


def commands_in_lines(page: Path) -> list[str]:
    """Return the commands that stand in the lines and tables of a page."""
    return [
        part.content
        for token in _parsed(page)
        for part in token.children or ()
        if part.type == "code_inline" and _COMMAND.match(part.content)
    ]


@frozen
class Command:
    """A line for a shell, and what the page shows of it.

    Attributes:
        line: As it is typed.
        fails: Whether the page says so, in a comment behind it.
        output: What the page shows that it prints; None where it shows nothing.
    """

    line: str
    fails: bool = False
    output: str | None = None

    @property
    def words(self) -> list[str]:
        """The words without variables before them, the environment's directory, and a version."""
        words = shlex.split(self.line, comments=True)
        while words and re.match(r"[A-Z_]+=", words[0]):
            del words[0]
        program = re.sub(r"^\S*bin/|(?<=python)[\d.]+$", "", words[0]) if words else ""
        return [program, *words[1:]]

    @property
    def variables(self) -> list[str]:
        """The names of the variables that are set for it."""
        return re.findall(r"(?:^|(?<= ))([A-Z_]+)=", self.line.split("python")[0])


def commands(text: str) -> Iterator[Command]:
    """Give the commands of a block: a line each, a backslash goes on with the next one."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            yield Command(line.strip(), fails="# fails" in line)


def session(text: str) -> Iterator[Command]:
    """Give the commands of a block that shows their output: each begins with a dollar."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        yield Command(line, output=output)


def same(shown: str, printed: str) -> bool:
    """Return whether what a page shows is what was printed.

    Lines are broken anywhere; ``...`` stands for whatever was left out, with the comma before or
    behind it; the release is that of now.
    """
    pattern = re.escape(_plain(shown))
    pattern = re.sub(r"(,\\ )?\\\.\\\.\\\.(,\\ )?", ".*?", pattern)
    return re.fullmatch(pattern, _plain(printed), re.DOTALL) is not None


def _plain(text: str) -> str:
    release = re.sub(r"(simple_db |\"writer\":\")\d+\.[\w.]+", r"\1RELEASE", text)
    return " ".join(release.split())

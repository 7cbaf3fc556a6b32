from __future__ import annotations

import ast
import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import simple_db
from simple_db.model.wording import IN_OPTIONS, in_options

if TYPE_CHECKING:
    from collections.abc import Iterator

# What a command can fail in: the modules that read, write and claim files.
OF_FILES = (
    *(f"persistence/{name}" for name in ("files", "file_pair", "claims", "formats", "journal")),
    *("persistence/database_file", "persistence/json_weight", "persistence/layout"),
    *("persistence/encoding", "persistence/decoding"),
    *("operations/metadefs/files", "cli/snapshot/outline", "cli/snapshot/difference"),
)

# What somebody who types a command cannot type: a parameter, a call, an attribute of a class, a
# block. A parameter of one word is known by what follows it.
OF_PYTHON = re.compile(
    r"(?<!-)\b(\w+_\w+|\w+\(\)|[A-Z]\w*[a-z]\.[a-z]|block\b"
    r"|(save|interval|overwrite) (is|exclude|say))"
)

# The names of columns and keys, of the package and of programs.
NAMES = re.compile(r"simple_db|sha256|next_ids?")


def prose(tree: ast.Module) -> Iterator[str]:
    """Give every text of a module that is none of its docstrings; ``...`` is what is put in."""
    docstrings = {
        node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and node.value
    }
    within = {
        part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "..." for part in node.values
            )
        elif isinstance(node, ast.Constant) and not {node} & (docstrings | within):
            yield str(node.value)


def messages(module: str) -> list[str]:
    path = Path(simple_db.__file__).parent / f"{module}.py"
    return [text for text in prose(ast.parse(path.read_text())) if " " in text]


@pytest.mark.parametrize("module", OF_FILES)
def test_no_message_about_a_file_speaks_of_python_on_the_command_line(module: str) -> None:
    worded = (in_options(text) for text in messages(module))

    assert [text for text in worded if OF_PYTHON.search(NAMES.sub("", text))] == []


def test_every_phrase_is_in_a_message() -> None:
    every = list(itertools.chain(*map(messages, OF_FILES)))

    assert [phrase for phrase in IN_OPTIONS if not any(phrase in text for text in every)] == []


def test_what_is_said_in_options_stays_as_it_is() -> None:
    for spoken in IN_OPTIONS.values():
        assert in_options(spoken) == spoken


def test_a_name_of_a_file_stays_as_it_is() -> None:
    assert in_options("max_bytes.json: overwrite and save() are names") == (
        "max_bytes.json: overwrite and save() are names"
    )

"""What a forge and contributors' tools read agrees with the Makefile and with pyproject.toml."""

from __future__ import annotations

import re
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.support.processes import ran
from tests.support.serving import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKFLOW = yaml.safe_load((PROJECT / ".github/workflows/ci.yml").read_text())
JOBS: dict[str, Any] = WORKFLOW["jobs"]
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())

SCHEMAS = {
    "github-workflows": [".github/workflows/ci.yml"],
    "github-issue-forms": [
        ".github/ISSUE_TEMPLATE/bug.yml",
        ".github/ISSUE_TEMPLATE/difference.yml",
    ],
    "github-issue-config": [".github/ISSUE_TEMPLATE/config.yml"],
    "dependabot": [".github/dependabot.yml"],
}


def made_in(job: str) -> list[str]:
    """Return the targets that a job makes."""
    lines = [str(step.get("run", "")) for step in JOBS[job]["steps"]]
    return [target for line in lines for target in re.findall(r"^make (.+)$", line, re.MULTILINE)]


def pythons_of(job: str) -> list[str]:
    """Return the Pythons on which a job runs."""
    matrix = JOBS[job].get("strategy", {}).get("matrix", {}).get("python", [])
    named = [step["with"]["python-version"] for step in JOBS[job]["steps"] if is_python(step)]
    return [str(version) for version in matrix or named]


def is_python(step: dict[str, Any]) -> bool:
    return str(step.get("uses", "")).startswith("actions/setup-python@")


def hooks() -> Iterator[dict[str, Any]]:
    for repository in yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"]:
        yield from repository["hooks"]


def of_the_classifiers() -> list[str]:
    text = "\n".join(PYPROJECT["project"]["classifiers"])
    return re.findall(r"Python :: (3\.\d+)$", text, re.MULTILINE)


def makes(target: str) -> bool:
    """Return whether there is such a target, and each program that it runs is there."""
    return ran("make", "--dry-run", "--always-make", target).returncode == 0


def test_the_workflow_makes_targets_that_there_are() -> None:
    targets = [target for job in JOBS for target in made_in(job)]

    assert targets == ["test", "check", "build"]
    assert [target for target in targets if not makes(target)] == []
    assert not makes("nothing")


def test_make_test_makes_the_site_and_no_warning_passes() -> None:
    text = (PROJECT / "Makefile").read_text()
    strictly = r"^docs:.*\n\t.*sphinx-build .*--nitpicky --fail-on-warning"

    assert re.search(r"^test:.* docs\b", text, re.MULTILINE)
    assert re.search(strictly, text, re.MULTILINE)


def test_the_workflow_runs_on_the_pythons_of_the_classifiers() -> None:
    oldest, *others = of_the_classifiers()

    assert pythons_of("test") == [oldest]
    assert pythons_of("check") == others
    assert PYPROJECT["project"]["requires-python"] == f">={oldest}"


def test_nothing_is_released_before_every_other_job_is_done() -> None:
    assert set(JOBS["release"]["needs"]) == JOBS.keys() - {"release"}


def test_only_the_release_may_have_a_token_and_only_for_a_tag() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert [job for job in JOBS if "permissions" in JOBS[job]] == ["release"]
    assert JOBS["release"]["if"] == "startsWith(github.ref, 'refs/tags/v')"


def test_the_release_looks_for_the_archive_that_the_build_makes() -> None:
    name = PYPROJECT["project"]["name"].replace("-", "_")
    (check,) = (step["run"] for step in JOBS["release"]["steps"] if "run" in step)
    assert f"dist/{name}-${{GITHUB_REF_NAME#v}}.tar.gz" in check


def test_the_hooks_of_pre_commit_run_what_make_lint_does() -> None:
    assert [hook["entry"] for hook in hooks()] == ["make lint"]
    assert all(hook["language"] == "system" for hook in hooks())  # whatever versions .venv has
    assert makes("lint")


def test_the_glance_that_dependabot_leaves_alone_is_the_pinned_one() -> None:
    updates = yaml.safe_load((PROJECT / ".github/dependabot.yml").read_text())["updates"]
    ignored = [one["dependency-name"] for each in updates for one in each.get("ignore", [])]
    pinned = [line for line in PYPROJECT["dependency-groups"]["dev"] if "==" in line]

    assert ignored == [line.partition("==")[0] for line in pinned]


def test_every_file_that_the_forge_reads_has_a_schema() -> None:
    files = [path for path in (PROJECT / ".github").rglob("*.yml") if path.is_file()]
    assert {str(path.relative_to(PROJECT)) for path in files} == {
        path for paths in SCHEMAS.values() for path in paths
    }


@pytest.mark.parametrize("schema", SCHEMAS)
def test_what_the_forge_reads_is_of_its_schema(schema: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    done = ran(*command, *SCHEMAS[schema])
    assert done.returncode == 0, done.stdout + done.stderr

import warnings
from importlib import metadata
from typing import Any

import pytest

from simple_db.installed import glance_release
from simple_db.installed.glance_release import UntriedGlanceWarning


@pytest.fixture(autouse=True)
def _no_warning_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glance_release, "_WARNED", set())


def installed(monkeypatch: pytest.MonkeyPatch, release: str) -> None:
    monkeypatch.setattr(metadata, "version", lambda _: release)


@pytest.mark.parametrize("release", ["31.0.0", "32.0.0.0rc1", "33.0.0", "33.1.0.dev5"])
def test_of_a_release_in_the_range_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, release: str
) -> None:
    installed(monkeypatch, release)
    assert glance_release.untried() is None


@pytest.mark.parametrize("release", ["30.2.0", "34.0.0", "34.0.0.dev12", "133.0.0", "3.1", "odd"])
def test_of_any_other_the_release_and_the_range_are_said(
    monkeypatch: pytest.MonkeyPatch, release: str
) -> None:
    installed(monkeypatch, release)
    said = glance_release.untried()
    assert said == (
        f"Glance {release} is installed, and simple_db is tested with Glance 31 to 33: it may not"
        " work"
    )


def test_a_glance_without_metadata_is_of_an_unknown_release(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(name: str) -> Any:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert glance_release.release() == "unknown"
    assert "a Glance whose release cannot be read is installed" in str(glance_release.untried())


def test_a_warning_is_given_once_in_a_process() -> None:
    with pytest.warns(UntriedGlanceWarning, match="^odd$"):
        glance_release.warn("odd")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        glance_release.warn("odd")
        glance_release.warn(None)

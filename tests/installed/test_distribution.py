from __future__ import annotations

import base64
import hashlib
import json
import shlex
import sys
import sysconfig
from typing import TYPE_CHECKING, Any

import pytest

import simple_db
from simple_db.installed import distribution

if TYPE_CHECKING:
    from pathlib import Path

WHEEL = f"glance_simple_db-{simple_db.__version__}-py3-none-any.whl"
BOTH_WAYS = (
    "pip install -e '.[server]' in a checkout of simple_db, "
    f"or pip install '{WHEEL}[server]' where its wheel is"
)


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the only place where Python finds distributions; pip is a module there."""
    place = tmp_path / "site"
    place.mkdir()
    (place / "pip.py").touch()
    monkeypatch.delitem(sys.modules, "pip", raising=False)
    monkeypatch.setattr(sys, "path", [str(place), sysconfig.get_path("stdlib")])
    return place


def installed(site: Path, name: str, version: str = "0.1.0", **written: str) -> None:
    """Install a distribution as pip records it, with files whose names have no dots."""
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (site / "simple_db").mkdir(exist_ok=True)
    record = [f"{info.name}/RECORD,,"]
    for file, content in written.items():
        (site / "simple_db" / file).write_text(content)
        digest = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest())
        record.append(f"simple_db/{file},sha256={digest.decode().rstrip('=')},{len(content)}")
    (info / "RECORD").write_text("\n".join(record))


def ours(site: Path, origin: dict[str, Any] | None = None, **written: str) -> None:
    installed(site, "glance-simple-db", **written)
    if origin is not None:
        (info,) = site.glob("glance_simple_db-*.dist-info")
        (info / "direct_url.json").write_text(json.dumps(origin))


# --- how to install an extra -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plain", "two  blanks", "it's", "a[b]", "100%25", "$HOME `ls`"])
@pytest.mark.parametrize(("editable", "option"), [(True, ["-e"]), (False, [])])
def test_a_checkout_gets_an_extra_from_where_it_is(
    site: Path, tmp_path: Path, name: str, editable: bool, option: list[str]
) -> None:
    checkout = tmp_path / name
    checkout.mkdir()
    ours(site, {"url": checkout.as_uri(), "dir_info": {"editable": editable} if editable else {}})

    assert shlex.split(distribution.how_to_install("server")) == [
        *(sys.executable, "-m", "pip", "install"),
        *option,
        f"{checkout}[server]",
    ]


def test_a_wheel_gets_an_extra_from_where_it_is(site: Path, tmp_path: Path) -> None:
    wheel = tmp_path / WHEEL
    wheel.touch()
    ours(site, {"url": wheel.as_uri(), "archive_info": {}})

    printed = shlex.split(distribution.how_to_install("server"))

    assert printed == [sys.executable, "-m", "pip", "install", f"{wheel}[server]"]


@pytest.mark.parametrize(
    ("origin", "source"),
    [
        ({"url": f"https://host/{WHEEL}", "archive_info": {}}, f"https://host/{WHEEL}"),
        (
            {"url": "file:///src/x", "vcs_info": {"vcs": "git", "commit_id": "1f0a"}},
            "git+file:///src/x@1f0a",
        ),
    ],
)
def test_what_came_from_a_url_gets_an_extra_from_there(
    site: Path, origin: dict[str, Any], source: str
) -> None:
    ours(site, origin)
    printed = shlex.split(distribution.how_to_install("server"))
    assert printed[-1] == f"glance-simple-db[server] @ {source}"


def test_where_the_origin_is_unknown_or_gone_both_commands_are_given(site: Path) -> None:
    assert distribution.how_to_install("server") == BOTH_WAYS
    ours(site)
    assert distribution.how_to_install("server") == BOTH_WAYS
    (info,) = site.glob("glance_simple_db-*.dist-info")
    (info / "direct_url.json").write_text(json.dumps({"url": f"file:///not/there/{WHEEL}"}))
    assert distribution.how_to_install("server") == BOTH_WAYS


def test_an_environment_without_pip_gets_the_command_pip(site: Path) -> None:
    (site / "pip.py").unlink()
    ours(site, {"url": site.as_uri(), "dir_info": {"editable": True}})
    assert distribution.how_to_install("server") == f"pip install -e '{site}[server]'"


# --- what is wrong with an installation --------------------------------------------------------


def test_nothing_is_wrong_with_an_installation_of_ours_alone_or_with_none(site: Path) -> None:
    assert distribution.problems() == []
    ours(site, __init__="ours")
    assert distribution.problems() == []


def test_another_project_of_the_same_module_is_named_with_what_to_do(
    site: Path, tmp_path: Path
) -> None:
    ours(site, {"url": tmp_path.as_uri(), "dir_info": {"editable": True}})
    installed(site, "simple-db", "1.0", db="theirs")

    (problem,) = distribution.problems()

    what, uninstall, install = problem.splitlines()
    assert f"simple-db 1.0 is installed in {site} too" in what
    assert shlex.split(uninstall)[1:] == ["-m", "pip", "uninstall", "simple-db"]
    assert install.endswith(f" -m pip install --force-reinstall --no-deps -e {tmp_path}")


def test_files_that_another_project_has_overwritten_are_named(site: Path) -> None:
    ours(site, __init__="ours", api="ours")
    installed(site, "simple-db", "1.0", __init__="theirs")

    _, changed = distribution.problems()

    assert f": {site / 'simple_db' / '__init__'}. " in changed
    assert "pip install --force-reinstall --no-deps -e . in a checkout of simple_db" in changed


def test_files_that_another_project_has_taken_along_are_named(site: Path) -> None:
    ours(site, __init__="ours", api="ours")
    (site / "simple_db" / "__init__").unlink()

    (changed,) = distribution.problems()

    assert f": {site / 'simple_db' / '__init__'}. " in changed

import datetime as dt
import re

from simple_db import version
from tests.support.pages import PROJECT

CHANGES = PROJECT / "CHANGELOG.md"


def test_every_version_has_its_section_of_changes_with_its_date_and_the_last_is_this_one() -> None:
    titles = re.findall(r"^## (.*)$", CHANGES.read_text(), re.MULTILINE)
    released = [title for title in titles if title != "[Unreleased]"]
    sections = [re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - (\S+)", title) for title in released]
    dates = [dt.date.fromisoformat(section[2]) for section in sections if section]

    assert None not in sections
    assert sections[0]
    assert sections[0][1] == version.__version__
    assert dates == sorted(dates, reverse=True)
    assert "[Unreleased]" not in titles[1:]

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from simple_db.oracle.report import exports
from tests.oracle.report.results import GOLDEN, a_result, answering, everything
from tests.support.golden_texts import assert_golden


class Odd:
    """Is written with characters that XML cannot have."""

    def __repr__(self) -> str:
        return "<\x00&\ud800>"


def test_a_result_is_this_json_and_this_junit_xml() -> None:
    assert_golden(exports.as_json(everything()), GOLDEN / "everything.json")
    assert_golden(exports.as_junit(everything()), GOLDEN / "everything.xml")


def test_the_json_of_agreement_has_the_same_keys() -> None:
    document = json.loads(exports.as_json(a_result()))
    assert document.keys() == json.loads(exports.as_json(everything())).keys()
    assert document["agrees"] is True


def test_junit_is_xml_whatever_is_in_an_answer() -> None:
    text = exports.as_junit(a_result(answering(lambda image: image | {"name": Odd()})))
    assert "target: &lt;\N{REPLACEMENT CHARACTER}&amp;\N{REPLACEMENT CHARACTER}&gt;" in text
    assert ET.fromstring(text)  # noqa: S314 - we wrote it

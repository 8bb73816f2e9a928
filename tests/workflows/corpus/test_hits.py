"""How much a hit says, and how it is written down."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.workflows.corpus.support import WANG, found, hits, patterns
from workflows.corpus.values import Hit, Kind, Strength

KNOWN = patterns(WANG, {"ref": "namesake", "names": ["王小明"], "handles": ["xiaoming_8"]})


def strengths(text):
    return {(hit.ref, str(hit.kind)): str(hit.strength) for hit in hits(text, KNOWN)}


@pytest.mark.parametrize(
    "text",
    ["13800138025", "wang.xm_7@mail.example.com", "11010519491231002X", "weibo.com/u/12345678"],
)
def test_what_belongs_to_one_person_only_is_strong_alone(text):
    assert set(strengths(text).values()) == {"strong"}


def test_a_name_alone_is_weak_for_everyone_who_has_it():
    assert strengths("王小明") == {("wang", "name"): "weak", ("namesake", "name"): "weak"}


def test_a_name_twice_is_still_one_sign():
    assert set(strengths("王小明，王小明，Wang Xiaoming").values()) == {"weak"}


def test_a_name_beside_an_identifier_is_strong_for_its_owner_only():
    assert strengths("王小明 13800138025") == {
        ("wang", "name"): "strong",
        ("wang", "phone"): "strong",
        ("namesake", "name"): "weak",
    }


def test_a_name_and_a_handle_together_are_strong():
    assert strengths("王小明 (@xiaoming_8)")["namesake", "handle"] == "strong"
    assert strengths("@xiaoming_8") == {("namesake", "handle"): "weak"}


def test_two_signs_in_one_place_are_one():
    known = patterns({"ref": "p", "names": ["Wang Xiaoming"], "handles": ["wang_xiaoming"]})
    assert {hit.strength for hit in hits("wang_xiaoming", known)} == {"weak"}


def test_spellings_of_one_identifier_that_overlap_are_one_hit():
    assert found("王小明 Wang Xiaoming Wang", patterns(WANG)) == [
        ("name", "王小明"),
        ("name", "Wang Xiaoming"),
    ]


@given(st.text() | st.integers(), st.text(), st.text() | st.integers() | st.none())
@example("p1", 'a/"b"\n\u2028王.jsonl', None)
def test_a_hit_is_a_line_of_json(ref, file, record):
    hit = Hit(ref, Kind.NAME, file, record, "text", 2, 5, Strength.WEAK)
    expected = {
        "ref": ref,
        "kind": "name",
        "file": file,
        "id": record,
        "field": "text",
        "start": 2,
        "end": 5,
        "strength": "weak",
    }
    assert hit.as_json() == json.dumps(expected, ensure_ascii=False)

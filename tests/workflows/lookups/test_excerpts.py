"""Excerpts show what is needed to judge a hit, and nothing by which others are found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.lookups.excerpts import CONTEXT_CHARS, MASK, excerpt


def shown(text: str, hit: str, *own: str) -> str:
    def span(part: str) -> tuple[int, int]:
        return text.index(part), text.index(part) + len(part)

    found = excerpt(text, *span(hit), own=[span(part) for part in own])
    assert found.hit == hit
    return found.before + found.hit + found.after


def test_the_words_around_a_hit_are_shown():
    assert shown("昨天王小明说他住在上海。", "王小明") == "昨天王小明说他住在上海。"


def test_long_surroundings_are_cut_with_a_sign():
    text = "a" * 300 + "王小明" + "b" * 300

    assert shown(text, "王小明") == "…" + "a" * CONTEXT_CHARS + "王小明" + "b" * CONTEXT_CHARS + "…"


@pytest.mark.parametrize(
    "other",
    [
        "li.lei@example.cn",
        "138 0000 9999",
        "+86-138-0000-9999",
        "11010519491231002X",
        "https://forum.example/u/lilei",
        "@lilei_89",
    ],
)
def test_identifiers_of_others_are_masked(other):
    text = f"王小明和 {other} 一起"

    assert shown(text, "王小明") == f"王小明和 {MASK * len(other)} 一起"


def test_all_hits_of_the_same_person_stay_readable():
    text = "王小明，wang@example.cn，电话13800001234"

    assert shown(text, "王小明", "wang@example.cn", "13800001234") == text


def test_an_identifier_that_is_cut_at_the_edge_is_masked_whole():
    text = "li.lei.with.a.long.name@example.cn" + "x " * (CONTEXT_CHARS // 2 - 5) + "王小明"

    assert "@" not in shown(text, "王小明")


def test_years_and_small_numbers_are_no_identifiers():
    assert (
        shown("2026年11月24日，王小明，共123456元", "王小明")
        == "2026年11月24日，王小明，共123456元"
    )


@given(st.text(), st.data())
def test_the_hit_itself_is_never_changed(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))

    found = excerpt(text, start, end, own=())

    assert found.hit == text[start:end]
    assert len(found.before) <= CONTEXT_CHARS + 1
    assert len(found.after) <= CONTEXT_CHARS + 1

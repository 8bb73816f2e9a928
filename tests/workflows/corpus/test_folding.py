"""What is taken for what: the one definition that both stages of the look-up use."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workflows.corpus.normalize.characters import (
    CONTENT,
    INVISIBLE,
    PAIR,
    TEXT_BREAK,
    UNEVEN,
    fold,
    fold_character,
    fold_evenly,
    fold_table,
    marked,
    simplify,
    written_forms,
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＡＢＣ１２３＠．＿", "abc123@._"),
        ("José Müller Søren Łódź", "jose muller soren lodz"),
        ("Jose\u0301", "jose"),
        ("ﬁne Weiß Æsir", "fine weiss aesir"),
        ("①③⑧ ⓪ ❶ 𝟏 ¹ ₁ ١ १", "138 0 1 1 1 1 1 1"),
        ("1\ufe0f\u20e33\ufe0f\u20e3", "13"),
        ("13\u200b8\u00ad0\u2060", "1380"),
        ("a\u00a0b\u3000c", "a b c"),
        ("138–0013—8000−1‑2", "138-0013-8000-1-2"),
        ("·•・‧", "····"),
        ("⼩⾦⻢", "小金马"),
        ("二〇一三 二○一三", "二零一三 二零一三"),
        ("½ ™", "    "[:3]),
        ("ИВАН Иван", "ивaн ивaн"),
    ],
)
def test_what_people_write_for_one_another_folds_to_the_same(text, folded):
    assert fold(text) == folded


@given(st.characters())
@example("ŉ")
def test_a_character_is_content_or_a_mark_or_invisible(character):
    folded = fold_character(character)
    assert len(folded) <= 2
    assert len(set(map(str.isalnum, folded))) <= 1
    assert len(folded) < 2 or folded.isascii()


@given(st.characters(exclude_categories=["Cs"]))
@example("\u1fef")
@example("\u207b")
@example("\uffee")
def test_folding_twice_is_folding_once(character):
    assert fold(fold(character)) == fold(character)


@given(
    st.characters(max_codepoint=0x33FF) | st.characters(min_codepoint=0xF900, max_codepoint=0x1FBFF)
)
def test_the_table_over_code_points_says_what_the_fold_of_text_says(character):
    folded = fold(character)
    value = int(fold_table().folds[ord(character)])
    if not folded:
        assert value == INVISIBLE
    elif not folded.isalnum():
        # Outside the ranges that fold, the table lets marks stand; nothing is lost by it.
        assert value in (TEXT_BREAK, ord(character))
    elif len(folded) == 1:
        assert value == ord(folded)
    else:
        assert value == PAIR + 256 * ord(folded[0]) + ord(folded[1])


@given(st.text(st.characters(max_codepoint=0x33FF) | st.characters(), max_size=40))
def test_characters_that_change_the_length_are_known(text):
    even = fold_evenly(text)
    assert len(even) == len(text)
    for character, code in zip(text, even.tolist(), strict=True):
        folded = fold(character)
        assert code == (marked(folded) if len(folded) == 1 else UNEVEN)
        assert bool(code & CONTENT) == (len(folded) == 1 and folded.isalnum())


def test_each_traditional_form_belongs_to_its_simplified_character():
    assert simplify("張偉發髮") == "张伟发发"
    assert set(written_forms("发")) == set(written_forms("髮")) == {"发", "發", "髮"}
    assert list(written_forms("明")) == ["明"]

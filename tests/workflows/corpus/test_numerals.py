"""Numbers in words and numerals are read as digits, and each digit knows where it was."""

import pytest

from tests.workflows.corpus.support import WANG, hits, patterns
from workflows.corpus.columns import Column
from workflows.corpus.match.scan import candidates
from workflows.corpus.normalize.numerals import digits_in_words, may_be_number, read_numbers


def in_digits(text):
    """Return a text with its numbers in words as digits."""
    for start, end, digits in reversed(digits_in_words(text)):
        text = text[:start] + digits + text[end:]
    return text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("call one three eight oh 8 now", "call 1 3 8 0 8 now"),
        ("one double zero triple five", "1 00 555"),
        ("Double 0 one three 8000", "00 1 3 8000"),
        ("four one five dash eight thousand", "4 1 5 - 8 000"),
        ("138 then 0013 then 8000", "138 - 0013 - 8000"),
        ("four1five", "four1five"),
        ("yao san ba ling ling wu liu qi", "1 3 8 0 0 5 6 7"),
        ("yaosanbalinglingerliangjiu", "13800229"),
        ("then phone 38", "then phone 38"),
        ("one three eight", "one three eight"),
        ("someone 38 0013 8000", "someone 38 0013 8000"),
        ("wu liu qi", "wu liu qi"),
    ],
)
def test_numbers_in_words_are_read_in_the_text(text, expected):
    assert in_digits(text) == expected


@pytest.mark.parametrize(
    ("stream", "words", "number"),
    [
        ("一三八〇〇".replace("〇", "零") + "138", False, "13800138"),
        ("138丨0013杠8000", False, "13800138000"),
        ("138横杠0013横杠8000", False, "13800138000"),
        ("l38oo 13 8", False, "13800138"),
        ("eight double zero one 38oh", True, "800138"),
        ("138dash 0013then 8", True, "13800138"),
    ],
)
def test_numbers_are_read_in_the_stream(stream, words, number):
    readings = list(read_numbers(stream, words=words))
    if len(number) < 8:
        assert readings == []
        return
    assert number in [reading.digits for reading in readings]
    for digits, begins, ends in readings:
        assert len(begins) == len(ends) == len(digits)
        assert begins == sorted(begins)
        assert all(begin < end for begin, end in zip(begins, ends, strict=True))


def test_each_digit_knows_its_place():
    ((digits, begins, ends),) = read_numbers("eight triple two 34567", words=True)
    assert digits == "822234567"
    assert begins == [0, 6, 6, 6, 17, 18, 19, 20, 21]
    assert ends == [5, 16, 16, 16, 18, 19, 20, 21, 22]


@pytest.mark.parametrize(("stream", "may_be"), [("l38oo138", True), ("oil 12", False)])
def test_a_number_in_numerals_is_long(stream, may_be):
    assert may_be_number(stream.encode(), 4) is may_be


def test_a_number_may_be_a_part_of_what_two_words_stand_for():
    known = patterns({"ref": "p", "ids": ["00000000"]})
    text = "triple thousand one two three four five six seven eight"
    column = Column.of_texts("text", [text])
    places = {(c.start, c.end) for c in candidates(column.data, known, escaped=False)}
    assert (0, 15) in places
    assert all(0 <= start < end <= len(text) for start, end in places)


@pytest.mark.parametrize("row", ["一" * 8, "一" * 50, "一丨" * 50])
def test_a_row_of_strokes_which_might_be_a_number_is_none(row):
    assert hits(row, patterns(WANG)) == []

"""A span takes in the other halves of the pairs that are open in it."""

import pytest

from workflows.corpus.match.enclosing_marks import expand_to_delimiters, unmatched_brackets


@pytest.mark.parametrize(
    ("before", "inside", "behind", "expected"),
    [
        ("(", "138)0013", "", "(138)0013"),
        ("", "138(0013", ")", "138(0013)"),
        ("(", "138)(0013", ")", "(138)(0013)"),
        ("《", "138》《0013", "》", "《138》《0013》"),
        ("(", "13800138000", ")", "13800138000"),
        ("[", "138)0013", "]", "138)0013"),
        ("<b>", "138</b>0013", "", "<b>138</b>0013"),
        ('<B class="x">', "138</b>0013", "", '<B class="x">138</b>0013'),
        ("", "138<b>0013", "</b>", "138<b>0013</b>"),
        ("", "138<b>0013", "</i>", "138<b>0013"),
        ("", "138<br>0013", "</p>", "138<br>0013"),
        ("[color=red]", "138[/color]0013", "", "[color=red]138[/color]0013"),
        ("", "138[b]0013", "[/b]", "138[b]0013[/b]"),
        ("**", "138**0013", "", "**138**0013"),
        ("", "138**0013", "**", "138**0013**"),
        ("**", "138**0013", "**", "**138**0013"),
        ("**", "13800138000", "**", "13800138000"),
        ("", "138**0013", " **", "138**0013"),
        ("*", "138*0013*8000", "*", "*138*0013*8000*"),
        ('"', '138" "0013', '"', '"138" "0013"'),
        ("'", "O'Neill", "'", "O'Neill"),
        ("", "138", "\ufe0f\u20e3", "138\ufe0f\u20e3"),
    ],
)
def test_halves_of_pairs_are_taken_in(before, inside, behind, expected):
    source = f"a {before}{inside}{behind} z"
    start = 2 + len(before)
    first, last = expand_to_delimiters(source, start, start + len(inside))
    assert source[first:last] == expected


def test_brackets_that_are_not_closed_are_counted():
    assert [unmatched_brackets(text) for text in ("(+86) 1", "(86", "1)")] == [0, 1, -1]

"""Syllables of pinyin as Wade-Giles writes them."""

import pytest

from workflows.corpus.normalize.transliteration import wade_giles


@pytest.mark.parametrize(
    ("pinyin", "written"),
    [
        ("wang", "wang"),
        ("xiao", "hsiao"),
        ("zhang", "chang"),
        ("jie", "chieh"),
        ("xian", "hsien"),
        ("xue", "hsueh"),
        ("qing", "ch'ing"),
        ("cai", "ts'ai"),
        ("zhong", "chung"),
        ("rong", "jung"),
        ("luo", "lo"),
        ("guo", "kuo"),
        ("zi", "tzu"),
        ("shi", "shih"),
        ("lv", "lu"),
        ("yi", "i"),
        ("yuan", "yuan"),
    ],
)
def test_a_syllable_is_respelled(pinyin, written):
    assert "'".join(wade_giles(pinyin)) == written


def test_in_taiwan_some_syllables_are_written_otherwise():
    written = [wade_giles(syllable, in_taiwan=True) for syllable in ("yi", "si", "qing")]
    assert written == [("yi",), ("szu",), ("ch", "ing")]


def test_what_is_no_syllable_stays():
    assert wade_giles("王") == ("王",)

"""What mail and programs make of letters is undone, each letter with its place."""

import pytest

from workflows.corpus.normalize.markup import decoded, is_encoded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=E7=8E=8B!", [(0, 9, "王")]),
        ("=e5=b0=\n=8f", [(0, 11, "小")]),
        (r"\xe7\x8e\x8b\\xe5\\xb0\\x8f", [(0, 12, "王"), (12, 27, "小")]),
        ("u738bu5c0f", [(0, 5, "王"), (5, 10, "小")]),
        ("a=40b", [(1, 4, "@")]),
        ("a=2Eb=5Fc", [(1, 4, "."), (5, 8, "_")]),
        ("ab=\ncd", [(2, 4, "")]),
        ("ab=\r\ncd", [(2, 5, "")]),
    ],
)
def test_encoded_letters_are_decoded(text, expected):
    assert list(decoded(text)) == expected
    assert is_encoded(text, 0, len(text))


@pytest.mark.parametrize(
    "text",
    ["=E7=8E", "?q=20", "q=41b", "menu738bu5c0f", "u738b", r"\xe7", "a = b", "=40b", "E78E8B"],
)
def test_what_only_looks_encoded_stays(text):
    assert list(decoded(text)) == []

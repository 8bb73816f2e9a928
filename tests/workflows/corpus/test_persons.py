"""The file of persons."""

import pytest

from workflows.corpus.match.patterns import Patterns
from workflows.corpus.values import Identifier, Kind, PersonsError, read_persons, read_persons_file


def test_each_identifier_keeps_the_reference_of_its_person():
    line = '{"ref": "p1", "names": ["王小明"], "phones": ["+8613800138000"], "note": "ignored"}'
    assert list(read_persons([line, "\n"])) == [
        Identifier("p1", Kind.NAME, "王小明"),
        Identifier("p1", Kind.PHONE, "+8613800138000"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"names": ["王小明"]}',
        '{"ref": "p1", "names": "王小明"}',
        '{"ref": "p", "ids": [1]}',
        '{"ref": "p", "names": 0}',
        '{"ref": true, "names": ["王小明"]}',
        '{"ref": "p", "names": ["王小明"]}'.encode("gb18030"),
        "[" * 100_000,
    ],
)
def test_a_broken_line_is_named_and_not_quoted(line):
    with pytest.raises(PersonsError, match="ine 2 of the persons") as error:
        list(read_persons(['{"ref": "p0"}', line]))
    assert "王小明" not in str(error.value)


def test_a_file_that_names_nothing_to_look_for_is_refused(tmp_path):
    file = tmp_path / "persons.jsonl"
    for text in ("", '{"ref": "p1", "name": "王小明"}'):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(PersonsError, match="nothing to look for") as error:
            list(read_persons_file(file))
        assert "王小明" not in str(error.value)
    file.write_bytes(b"\xef\xbb\xbf" + '{"ref": "p1", "names": ["王小明"]}'.encode())
    assert list(read_persons_file(file)) == [Identifier("p1", Kind.NAME, "王小明")]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.NAME, "王"),
        (Kind.NAME, "Li"),
        (Kind.NAME, "…"),
        (Kind.EMAIL, "no address"),
        (Kind.PHONE, "110"),
        (Kind.PHONE, "none"),
        (Kind.ID, "7"),
        (Kind.HANDLE, "@"),
        (Kind.URL, "localhost"),
    ],
)
def test_what_is_too_short_to_look_for_is_reported(kind, value):
    identifier = Identifier("p", kind, value)
    assert Patterns([identifier]).unsearchable == [identifier]

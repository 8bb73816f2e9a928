"""The file of persons."""

import pytest

from workflows.datasets.lookup.patterns import Patterns
from workflows.datasets.lookup.persons import Identifier, Kind, PersonsError, read_persons


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
    ],
)
def test_a_broken_line_is_named_and_not_quoted(line):
    with pytest.raises(PersonsError, match="ine 2 of the persons") as error:
        list(read_persons(['{"ref": "p0"}', line]))
    assert "王小明" not in str(error.value)


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

"""Countries and the parts of countries that change the law or the holidays, with their names."""

import re
import tomllib
import unicodedata
from functools import cache
from pathlib import Path

from django.utils.translation import get_language

_FILE = Path(__file__).with_name("places.toml")
# The second half of a code of ISO 3166-2.
_PART = re.compile(r"[A-Z0-9]{1,3}")
Names = tuple[str, str]


@cache
def _document() -> dict[str, dict[str, Names]]:
    """Return the tables by name: `countries` and one for each country with parts."""
    with _FILE.open("rb") as file:
        data = tomllib.load(file)
    tables = {"countries": data["countries"], **data["parts"]}
    return {
        table: {code: (zh, en) for code, (zh, en) in rows.items()} for table, rows in tables.items()
    }


def _in_language(names: Names) -> str:
    return names[0] if (get_language() or "").startswith("zh") else names[1]


def _order(name: str) -> bytes:
    """Return a sort key: GB 18030 holds the common Chinese characters in the order of pinyin."""
    letters = unicodedata.normalize("NFKD", name)
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return plain.casefold().encode("gb18030")


def _sorted(table: str) -> list[tuple[str, str]]:
    choices = [(code, _in_language(names)) for code, names in _document()[table].items()]
    return sorted(choices, key=lambda choice: _order(choice[1]))


def countries() -> list[tuple[str, str]]:
    """Return code and name of each country in the active language, sorted by name."""
    return _sorted("countries")


def parts_of(country: str) -> list[tuple[str, str]]:
    """Return code and name of the parts of a country between which it matters to choose."""
    return _sorted(country) if country in _document() and country != "countries" else []


def is_place(code: str) -> bool:
    """Return whether this is the code of a country of the list, or that of some part of one.

    The list has only the parts between which it matters to choose; programs may give any.
    """
    country, dash, part = code.partition("-")
    return country in _document()["countries"] and (not dash or bool(_PART.fullmatch(part)))


def place_name(code: str) -> str:
    """Return the name of a place as a person reads it: `Germany`, `Germany, Berlin`."""
    tables = _document()
    if code in tables["countries"]:
        return _in_language(tables["countries"][code])
    country = code.partition("-")[0]
    if country not in tables or code not in tables[country]:
        return code
    separator = "" if (get_language() or "").startswith("zh") else ", "
    name = _in_language(tables["countries"][country])
    return f"{name}{separator}{_in_language(tables[country][code])}"

"""Countries and the parts of countries that change the law or the holidays, with their names."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import get_language

from workflows.common.languages import in_language

_FOLDER = Path(__file__).parent
# The second half of a code of ISO 3166-2.
_PART = re.compile(r"[A-Z0-9]{1,3}")
# By language.
Names = dict[str, str]


@cache
def _document() -> dict[str, dict[str, Names]]:
    """Return the names by table (`countries`, and one for each country with parts) and code.

    Further languages have files of their own, `places.<language>.toml`.
    """
    tables = {
        table: {code: {"zh": zh, "en": en} for code, (zh, en) in rows.items()}
        for table, rows in _read("places.toml")
    }
    for path in _FOLDER.glob("places.*.toml"):
        language = path.name.split(".")[1]
        for table, rows in _read(path.name):
            for code, name in rows.items():
                tables[table][code][language] = name
    return tables


def _read(file: str) -> Iterator[tuple[str, dict[str, Any]]]:
    data = tomllib.loads((_FOLDER / file).read_text(encoding="utf-8"))
    yield from {"countries": data["countries"], **data.get("parts", {})}.items()


def _in_language(names: Names) -> str:
    return in_language(names, get_language() or "")


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


def countries_and_parts() -> list[tuple[str, str]]:
    """Return code and name of each country in the active language, its parts behind it."""
    return [
        (code, place_name(code))
        for country, _name in countries()
        for code in (country, *(part for part, _part_name in parts_of(country)))
    ]


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

"""Gathers the sentences of code and templates into the catalogues, without GNU gettext.

Run as a module it brings `locale/*/LC_MESSAGES/django.po` up to date: new sentences come in
without a translation, those that nobody uses go, translations stay. With the code of a language,
such as `de` or `pt-br`, it begins the catalogue of that one.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation import to_locale
from django.utils.translation.template import templatize

from requests_portal.local.folders import PROJECT
from requests_portal.local.messages import LOCALE, catalogues

PACKAGES = ("requests_portal", "workflows")
TEMPLATES = "templates"
# Position of singular, plural and context in the calls that mark a sentence.
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def _sources() -> Iterator[tuple[Path, str, bytes]]:
    """Yield file, Babel's method and the bytes for it.

    Django turns a template into calls of gettext amid filler. That is no Python any more, but
    the tokens of its strings and calls are JavaScript's too.
    """
    for package in PACKAGES:
        for path in sorted((PROJECT / package).rglob("*.py")):
            yield path, "python", path.read_bytes()
    for path in sorted((PROJECT / TEMPLATES).rglob("*")):
        if path.suffix in {".html", ".txt"}:
            yield path, "javascript", templatize(path.read_text(encoding="utf-8")).encode()


def gather() -> Catalog:
    """Return every sentence of the project, with the files (not lines) that use it."""
    found = Catalog(project="Requests Portal", charset="utf-8", fuzzy=False)
    for path, method, source in _sources():
        for _line, message, comments, context in extract(
            method,
            io.BytesIO(source),
            keywords=KEYWORDS,
            comment_tags=("Translators:",),
            options={"encoding": "utf-8"},
        ):
            found.add(
                message,
                locations=[(path.relative_to(PROJECT).as_posix(), None)],  # type: ignore[list-item]
                auto_comments=comments,
                context=context,
            )
    return found


def bring_up_to_date(path: Path) -> None:
    """Rewrite one catalogue with the sentences that the project has now."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.parts[-3])
    created = catalogue.creation_date
    catalogue.update(gather(), no_fuzzy_matching=True, update_header_comment=False)
    catalogue.obsolete.clear()
    catalogue.creation_date = created
    written = io.BytesIO()
    write_po(written, catalogue, sort_output=True, omit_header=False, width=100)
    path.write_bytes(written.getvalue())


def begin(language: str) -> None:
    """Make an empty catalogue, unless there is one."""
    locale = to_locale(language)
    path = LOCALE / locale / "LC_MESSAGES" / "django.po"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, Catalog(locale=locale, project="Requests Portal", fuzzy=False))


def main() -> None:
    """Begin those that are named, and bring all catalogues up to date."""
    for language in sys.argv[1:]:
        begin(language)
    for path in catalogues():
        bring_up_to_date(path)


if __name__ == "__main__":
    main()

"""Gathers the sentences of code and templates into the catalogues, without GNU gettext.

Run as a module it brings `locale/*/LC_MESSAGES/django.po` up to date: new sentences come in
without a translation, those that nobody uses go, translations stay.
"""

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from requests_portal.local.folders import PROJECT
from requests_portal.local.messages import catalogues

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


def main() -> None:
    """Bring all catalogues up to date."""
    for path in catalogues():
        bring_up_to_date(path)


if __name__ == "__main__":
    main()

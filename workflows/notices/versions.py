"""Reading the texts of notices: every place with what is in use there, versions, differences."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from workflows.notices.models import NoticeText
from workflows.notices.shipped import LANGUAGES, shipped_texts
from workflows.notices.texts import Place
from workflows.vocabulary.notices import NoticeKind


@dataclass(frozen=True, slots=True)
class PlaceInUse:
    """A place that has a text: the version in use, None for the one that came with the software.

    `draft` is the newest version where that is newer than the one in use.
    """

    place: Place
    version: NoticeText | None
    published_at: datetime | None
    draft: NoticeText | None


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A line of the difference between two versions; `sign` is '+', '-' or ' '."""

    sign: str
    text: str


def places_in_use() -> list[PlaceInUse]:
    """Return every place that has a text, by kind, regime and language. One query."""
    versions: dict[Place, list[NoticeText]] = {}
    rows = NoticeText.objects.select_related("publication").defer("body").order_by("number")
    for row in rows:
        versions.setdefault(Place(row.regime, row.kind, row.language), []).append(row)
    places = {Place(*key) for key in shipped_texts()} | set(versions)
    order: dict[str, int] = {kind: number for number, kind in enumerate(NoticeKind)}
    ordered = sorted(places, key=lambda p: (order[p.kind], p.regime, LANGUAGES.index(p.language)))
    return [_in_use(place, versions.get(place, [])) for place in ordered]


def _in_use(place: Place, versions: list[NoticeText]) -> PlaceInUse:
    published = [version for version in versions if hasattr(version, "publication")]
    current = max(published, key=lambda version: version.publication.pk, default=None)
    written = [version for version in versions if version.author]
    newest = written[-1] if written else None
    is_draft = newest is not None and not hasattr(newest, "publication")
    return PlaceInUse(
        place, current, current.publication.at if current else None, newest if is_draft else None
    )


def versions_at(place: Place) -> QuerySet[NoticeText]:
    """Return the versions of a place, newest first, with their publications."""
    return (
        NoticeText.objects.filter(regime=place.regime, kind=place.kind, language=place.language)
        .select_related("publication")
        .order_by("-number")
    )


def body_before(version: NoticeText) -> str:
    """Return the text that came before a version: the version before it, or the shipped text."""
    place = Place(version.regime, version.kind, version.language)
    before = versions_at(place).filter(number__lt=version.number).first()
    if before is not None:
        return before.body
    return "" if not version.author else _shipped(place)


def _shipped(place: Place) -> str:
    texts = shipped_texts()
    return texts.get((place.regime, place.kind, place.language)) or texts.get(
        ("", place.kind, place.language), ""
    )


def changed_lines(before: str, after: str) -> Iterator[ChangedLine]:
    """Yield the lines of two texts, each with the sign of what became of it."""
    for line in difflib.ndiff(before.splitlines(), after.splitlines()):
        if not line.startswith("?"):
            yield ChangedLine(line[0], line[2:])

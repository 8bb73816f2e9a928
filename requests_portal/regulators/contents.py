"""The contents behind the steps of a case, as lines with names that people understand."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from workflows.oversight.openings import DisclosedContent, WithheldContent
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.people import IdentifierKind, RequesterRole
from workflows.vocabulary.places import place_name

_LABELS = {
    "arrangement": _("What the person who has died arranged"),
    "authority": _("Right to act for the person"),
    "claimed": _("What is said"),
    "correct": _("What is right"),
    "details": _("Details"),
    "email": _("E-mail"),
    "files": _("Files"),
    "finding": _("Finding"),
    "grounds": _("Grounds"),
    "identifiers": _("Found by"),
    "items": _("Asked for"),
    "instead_because": _("Why not as asked"),
    "kin": _("On the relative"),
    "kind": _("Kind"),
    "kinship": _("Kinship"),
    "language": _("Language"),
    "name": _("Name"),
    "notice": _("Notice"),
    "own_interest": _("Own interest"),
    "pairs": _("Wrong and right texts"),
    "phone": _("Phone"),
    "prompts": _("Prompts"),
    "reasons": _("Reasons"),
    "request": _("Request"),
    "requester_name": _("Name of who asks"),
    "requester_role": _("Filed by"),
    "residence": _("Residence"),
    "sha256": _("SHA-256"),
    "service": _("Service or model"),
    "size": _("Size in bytes"),
    "statement": _("Statement"),
    "subject_name": _("Name of the person"),
    "text": _("Text"),
    "type": _("Type"),
    "urls": _("Web addresses"),
    "verification": _("How it was verified"),
    "value": _("Value"),
    "where_seen": _("Where it was seen"),
}
_WORDS: dict[str, dict[str, Any]] = {
    "kind": dict(IdentifierKind.choices) | dict(ItemKind.choices),
    "language": dict(settings.LANGUAGES),
    "requester_role": dict(RequesterRole.choices),
}
_CLOSED = {
    WithheldContent.ERASED: _("Erased; the log proves only that there was something."),
    WithheldContent.IDENTITY_DOCUMENT: _(
        "Not shown, for it is or may be a document of identity. An export can include it."
    ),
    WithheldContent.WHOLE_LOG: _("Not shown."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a content: how deep it stands, its label, its text."""

    depth: int
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class ContentPresenter:
    """What stands behind one commitment: lines, or a sentence why not."""

    label: str
    commitment: str
    lines: list[Line]
    why_not: str


def present_content(opening: DisclosedContent) -> ContentPresenter:
    """Return an opening as a page shows it."""
    label = str(_LABELS.get(opening.name, opening.name))
    if opening.closed is not None:
        return ContentPresenter(label, opening.commitment, [], str(_CLOSED[opening.closed]))
    lines = list(_lines(opening.name, opening.content, 0))
    return ContentPresenter(label, opening.commitment, lines, "")


def _lines(key: str, value: Any, depth: int) -> Iterator[Line]:
    label = str(_LABELS.get(key, key))
    if isinstance(value, dict):
        if depth:
            yield Line(depth, label, "")
        for name in sorted(value):
            if value[name] not in ("", [], {}):
                yield from _lines(name, value[name], depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _lines(key, item, max(depth, 1))
    else:
        yield Line(depth, label, _in_words(key, str(value)))


def _in_words(key: str, value: str) -> str:
    return place_name(value) if key == "residence" else str(_WORDS.get(key, {}).get(value, value))

"""What stands behind the commitments of the log, as far as a regulator may see it.

One place decides what is withheld, for the export and for the case file alike. An identity
document is withheld unless a reason was given for needing it: law asks for as little as will do.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from workflows.cases.lifecycle import State
from workflows.cases.models import EventContent
from workflows.vault.crypto import Shredded
from workflows.vocabulary.people import IdentifierKind
from workflows.vocabulary.roles import Role

Entry = Mapping[str, Any]

_IDENTITY_EVENTS = frozenset(
    {"identity.proved", "identity.not_proved", "identity.confirmed", "identity.doubted"}
)


class WithheldContent(StrEnum):
    """Why a commitment cannot be opened here."""

    ERASED = "erased"
    IDENTITY_DOCUMENT = "identity_document"
    WHOLE_LOG = "whole_log"


@dataclass(frozen=True, slots=True)
class DisclosedContent:
    """One commitment of one entry: either `nonce` (hex) and `content`, or why not (`closed`)."""

    entry: Entry
    name: str
    commitment: str
    nonce: str = ""
    content: Any = None
    closed: WithheldContent | None = None


def disclosed_contents(
    entries: Iterable[tuple[UUID, Entry]],
    contents: Iterable[EventContent],
    *,
    withhold: WithheldContent | None,
) -> Iterator[DisclosedContent]:
    """Yield one opening for each commitment, in the order of the entries and then by name.

    `entries` are the events of cases as (uid, parsed leaf), `contents` those of the same cases.
    `withhold` IDENTITY_DOCUMENT withholds only what shows or may show a document of identity;
    WHOLE_LOG withholds everything; None nothing. A content that is not there any more was erased
    with its case.
    """
    stored = {(content.event, content.name): content for content in contents}
    for uid, entry in entries:
        for name, commitment in sorted(entry["commitments"].items()):
            opening = _opened(stored.get((uid, name)))
            if opening is None:
                yield DisclosedContent(entry, name, commitment, closed=WithheldContent.ERASED)
            elif withhold == WithheldContent.WHOLE_LOG or (
                withhold == WithheldContent.IDENTITY_DOCUMENT
                and _shows_identity(entry, name, opening)
            ):
                yield DisclosedContent(entry, name, commitment, closed=withhold)
            else:
                yield DisclosedContent(
                    entry, name, commitment, opening["nonce"], opening["content"]
                )


def _opened(content: EventContent | None) -> Mapping[str, Any] | None:
    if content is None:
        return None
    try:
        opening: Mapping[str, Any] = content.opening
    except Shredded:
        return None
    return opening


def _shows_identity(entry: Entry, name: str, opening: Mapping[str, Any]) -> bool:
    """Say whether a content is, describes or may hold a proof of identity.

    That is on what an acceptance rests, what the person sent while a proof was waited for, and a
    request that names an identity number: a commitment opens as a whole or not at all.
    """
    if entry["name"] in _IDENTITY_EVENTS:
        return True
    if entry["role"] == Role.PUBLIC and entry["facts"].get("from") == State.IDENTITY_NEEDED:
        return True
    if name != "request":
        return False
    identifiers = opening["content"].get("identifiers", [])
    return any(identifier["kind"] == IdentifierKind.NATIONAL_ID for identifier in identifiers)

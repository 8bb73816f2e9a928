"""Writes one step of a case into the log, and keeps what its commitments stand for."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from workflows.cases.models import Case, EventContent
from workflows.ledger.append import append
from workflows.ledger.canonical import commit
from workflows.ledger.models import Event

NONCE_BYTES = 32


def record_event(
    case: Case,
    name: str,
    *,
    role: str,
    pseudonym: str = "",
    facts: Mapping[str, Any] | None = None,
    contents: Mapping[str, Any] | None = None,
    register: str | None = None,
    at: datetime | None = None,
) -> Event:
    """Append the event `name` of `case`; must run inside the transaction of the change.

    `facts` are JSON without personal data and stand in the log for ever: codes, numbers, ids and
    dates, no words that somebody typed. `contents` are JSON that may be personal: the log holds
    `commit(content, nonce)`, the case holds nonce and content, sealed, until it is erased.

    Raises `InvalidEventError` for facts with words in them.
    """
    openings = {
        key: (secrets.token_bytes(NONCE_BYTES), content)
        for key, content in (contents or {}).items()
    }
    event = append(
        name=name,
        role=role,
        actor=pseudonym,
        case=case.pseudonym,
        register=register,
        facts=facts or {},
        commitments={key: commit(content, nonce) for key, (nonce, content) in openings.items()},
        at=at,
    )
    EventContent.objects.bulk_create(
        EventContent(
            case=case,
            event=event.uid,
            name=key,
            opening={"nonce": nonce.hex(), "content": content},
        )
        for key, (nonce, content) in openings.items()
    )
    return event

"""Erasing a case: its personal data go for ever, the log and old exports still verify.

Two people are needed: a privacy officer requests, another carries it out. What stays is the
skeleton that holds no personal data: number, states, dates, kinds, outcomes and the events.
A draft that a case was filed from has a key of its own, and is forgotten with the case.
"""

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.accounts.actors import Actor
from workflows.cases.drafts import discard_draft_of
from workflows.cases.lifecycle import MOVES, Action
from workflows.cases.models import Case, IdempotencyKey
from workflows.cases.transition import advance, lock_case
from workflows.common.errors import InvalidInput
from workflows.common.inputs import require_text
from workflows.corrections.erasure import erase_case_data
from workflows.exports.jobs import withdraw_bundles
from workflows.ledger.selectors import events_of_case
from workflows.vault.fields import erase_sealed
from workflows.vault.services import shred


def request_erasure(case: Case, actor: Actor, ground: str, note: str = "") -> None:
    """Request the erasure of a case that has ended. Raises `MoveRefused`, `InvalidInput`.

    While a complaint waits for its outcome its words are needed, so nothing is erased.

    `ground` is one of `ErasureGround` and stands in the log. What the `note` says goes with the
    case; the log holds a commitment to it.
    """
    if ground not in ErasureGround.values:
        raise InvalidInput(_("Choose a ground from the list."))
    note = require_text(note) if note.strip() else ""
    advance(
        case,
        Action.REQUEST_ERASURE,
        actor,
        facts={"ground": ground},
        contents={"note": note} if note else None,
    )


def erasure_request_of(case: Case) -> tuple[str, str]:
    """Return ground and note of the request for erasure that waits; empty where there is none.

    A request that was made before grounds became codes gives its words as they stand in the log.
    """
    requested = MOVES[Action.REQUEST_ERASURE].event
    event = events_of_case(case.pseudonym).filter(name=requested).order_by("step").last()
    if event is None or not case.erasure_requested_by:
        return "", ""
    opened = case.contents.filter(event=event.uid, name="note").first()
    return str(event.facts["ground"]), str(opened.opening["content"]) if opened else ""


def erase(case: Case, actor: Actor) -> None:
    """Erase what somebody else requested to be erased. Raises `MoveRefused`.

    One transaction appends `case.erased`, deletes or empties every row with personal data and
    destroys the key; files go right after the commit, and with them the exports kept here that
    may hold the case. Copies that regulators fetched before are theirs; they still verify.
    """
    with transaction.atomic():
        lock_case(case)
        advance(case, Action.ERASE, actor, facts={"rows": count_rows(case)})
        forget(case)
    case.refresh_from_db()


def forget(case: Case) -> None:
    """Delete or empty every row with personal data of a case, and destroy its key.

    Call in the transaction that appends `case.erased`; doing it again is no error.
    """
    for related in (case.people, case.identifiers, case.messages, case.contents):
        related.all().delete()
    case.attachments.all().delete()
    case.spellings.all().delete()
    case.matches.all().delete()
    # A keyed hash of the whole request: with the key, a guess at its text could be confirmed.
    IdempotencyKey.objects.filter(case=case).delete()
    discard_draft_of(case)
    erase_sealed(case.items.all())
    erase_case_data(case)
    erase_sealed(Case.objects.filter(pk=case.pk))
    shred(case.data_key)
    withdraw_bundles(case.regimes)


def count_rows(case: Case) -> dict[str, int]:
    """Return how many rows of each kind are erased, for the event."""
    return {
        "attachments": case.attachments.count(),
        "contents": case.contents.count(),
        "identifiers": case.identifiers.count(),
        "matches": case.matches.count(),
        "messages": case.messages.count(),
        "people": case.people.count(),
    }


class ErasureGround(TextChoices):
    """Why the personal data of a case are erased."""

    RETENTION_OVER = "retention_over", gettext_lazy("The time for keeping the record is over")
    NO_LONGER_NEEDED = "no_longer_needed", gettext_lazy("The record is no longer needed")
    PERSON_ASKED = "person_asked", gettext_lazy("The person asked for it")
    UNLAWFUL = "unlawful", gettext_lazy("The record was made or kept unlawfully")
    LEGAL_DUTY = "legal_duty", gettext_lazy("A law or an authority demands it")

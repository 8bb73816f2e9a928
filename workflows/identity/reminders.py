"""Reminders to a person who was asked for proof of identity, for information or for a fee."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from workflows.cases.lifecycle import State
from workflows.cases.models import Message
from workflows.outbox.services import enqueue

REMIND_EVERY = timedelta(days=5)
MAX_REMINDERS = 2
# The states in which a question waits for the person, and the message that asked it.
WAITING = {
    State.IDENTITY_NEEDED: Message.Kind.IDENTITY_REQUEST,
    State.INFORMATION_NEEDED: Message.Kind.INFORMATION_REQUEST,
    State.FEE_NEEDED: Message.Kind.FEE,
}


def sweep_waiting(now: datetime | None = None) -> int:
    """Enqueue a reminder for each open question that is due one; return how many were due.

    The key names the question and the number of the reminder, so a repeat adds nothing.
    """
    now = now or timezone.now()
    due = 0
    # Of several questions in the life of a case only the last one can still wait.
    last = Message.objects.filter(case=OuterRef("case"), kind=OuterRef("kind"))
    waiting = Message.objects.filter(
        pk=Subquery(last.order_by("-sent_at").values("pk")[:1]),
        case__state__in=WAITING,
        kind__in=WAITING.values(),
        sent_at__lte=now - REMIND_EVERY,
    ).select_related("case")
    for message in waiting.iterator(chunk_size=200):
        if message.kind != WAITING[State(message.case.state)]:
            continue
        number = min(int((now - message.sent_at) / REMIND_EVERY), MAX_REMINDERS)
        with transaction.atomic():
            enqueue(
                "identity.remind",
                key=f"identity.remind:{message.pk}:{number}",
                payload={"case": str(message.case_id), "message": str(message.pk)},
            )
        due += 1
    return due

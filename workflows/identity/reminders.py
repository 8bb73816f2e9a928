"""Reminders to a person who was asked for proof of identity, for information or for a fee."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from workflows.cases.lifecycle import State
from workflows.cases.models import Case, Message
from workflows.cases.transition import fee_time_is_over, local_date
from workflows.outbox.services import enqueue

REMIND_EVERY = timedelta(days=5)
MAX_REMINDERS = 2
# A fee has a last day to be paid; before it the person hears once more.
FINAL_REMINDER = timedelta(days=5)
# A sweep that was missed is made up for, but not for ever: that a reminder was sent is known only
# as long as the outbox keeps what it has done.
MADE_UP_FOR = timedelta(days=60)
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
        if _is_last_call(message.case, now):
            number = MAX_REMINDERS + 1
        elif message.sent_at < now - MADE_UP_FOR:
            continue
        with transaction.atomic():
            enqueue(
                "identity.remind",
                key=f"identity.remind:{message.pk}:{number}",
                payload={"case": str(message.case_id), "message": str(message.pk)},
            )
        due += 1
    return due


def _is_last_call(case: Case, now: datetime) -> bool:
    """Return whether a case waits for its fee and the last days to pay it have begun."""
    if case.state != State.FEE_NEEDED or case.fee_due_on is None:
        return False
    return case.fee_due_on - FINAL_REMINDER <= local_date(case, now) <= case.fee_due_on


def sweep_unpaid(now: datetime | None = None) -> int:
    """Have the teams told whose cases wait for a fee that did not come in time; once each.

    Returns how many cases are in that state. Nothing ends by itself: payments are made outside of
    the portal, so somebody has to look.
    """
    now = now or timezone.now()
    over = 0
    # A day that is over somewhere has at least begun in UTC.
    today = timezone.localdate(now)
    unpaid = Case.objects.filter(
        state=State.FEE_NEEDED, fee_due_on__lte=today, fee_due_on__gt=today - MADE_UP_FOR
    )
    for case in unpaid.iterator(chunk_size=200):
        if not fee_time_is_over(case, now):
            continue
        with transaction.atomic():
            enqueue(
                "routing.notify_team",
                key=f"routing.fee_unpaid:{case.pk}",
                payload={"case": str(case.pk), "notice": "fee_unpaid"},
            )
        over += 1
    return over

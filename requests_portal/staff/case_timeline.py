"""The story of a case for staff, its filter, and where each step stands in the log."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from workflows.cases.models import Case
from workflows.cases.names import STATE_NAMES
from workflows.cases.timeline import TimelineEntry, staff_timeline
from workflows.ledger.models import Checkpoint, Leaf
from workflows.ledger.selectors import latest_checkpoint
from workflows.vocabulary.roles import ROLE_NAMES, Role

_LETTERS = frozenset(
    {
        "message.sent",
        "message.received",
        "identity.asked",
        "information.asked",
        "information.given",
        "fee.asked",
        "answer.sent",
        "case.contested",
        "complaint.received",
        "complaint.acknowledged",
        "complaint.progress_told",
        "complaint.answered",
        "note.written",
    }
)
VIEWS = "case.viewed"
# What each filter of the timeline shows; views are many, so they are shown when asked for.
FILTERS: dict[str, Any] = {
    "steps": _("Steps"),
    "letters": _("Messages"),
    "views": _("Who looked"),
    "all": _("Everything"),
}


@dataclass(frozen=True, slots=True)
class StepView:
    """One step with the name of who took it and its place in the log, None until it has one."""

    entry: TimelineEntry
    who: str
    moved_to: str
    place: int | None


@dataclass(frozen=True, slots=True)
class LedgerState:
    """How the steps of a case stand in the log."""

    steps: int
    sequenced: int
    checkpoint: Checkpoint | None


def matches_filter(chosen: str, name: str) -> bool:
    """Return whether a filter shows events of this name."""
    match chosen:
        case "letters":
            return name in _LETTERS
        case "views":
            return name == VIEWS
        case "all":
            return True
    return name != VIEWS


def step_views(
    entries: list[TimelineEntry], places: dict[int, int], names: dict[str, str], chosen: str
) -> list[StepView]:
    """Return the steps that the filter shows, newest first."""
    return [
        StepView(
            entry=entry,
            who=names.get(entry.actor, entry.actor) or str(ROLE_NAMES[Role(entry.role)]),
            moved_to=_moved_to(entry),
            place=places.get(entry.event.pk),
        )
        for entry in reversed(entries)
        if matches_filter(chosen, entry.name)
    ]


def _moved_to(entry: TimelineEntry) -> str:
    target = entry.facts.get("to")
    return str(STATE_NAMES[target]) if target and target != entry.facts.get("from") else ""


def read_timeline(case: Case) -> tuple[list[TimelineEntry], dict[int, int], LedgerState]:
    """Return the steps, their places in the log by event, and how they stand. Three queries."""
    entries = staff_timeline(case)
    places = dict(Leaf.objects.filter(event__case=case.pseudonym).values_list("event_id", "index"))
    sequenced = sum(entry.event.pk in places for entry in entries)
    return entries, places, LedgerState(len(entries), sequenced, latest_checkpoint())

"""Taking back the last judgement of places, as long as nothing that was recorded relies on it."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from workflows.accounts.actors import Actor
from workflows.cases.lifecycle import MOVES, Action
from workflows.cases.models import Case
from workflows.cases.transition import append_case_event
from workflows.common.errors import Refused
from workflows.ledger.models import Event
from workflows.ledger.selectors import events_of_case
from workflows.lookups.models import Match
from workflows.lookups.services import JUDGED, lock_to_judge

_UNDONE = "match.undone"
# What rests on the judgements before it.
_RELIES = frozenset(MOVES[a].event for a in (Action.RECORD_FINDING, Action.PROPOSE_DECISION))

# Who said what, and when.
_Said = tuple[str, str, datetime | None]


def last_judgement(case: Case) -> Event | None:
    """Return the judgement that can be undone; None if there is none since the last finding."""
    relying = events_of_case(case.pseudonym).filter(name__in=_RELIES).last()
    standing = _standing(case, after=relying.step or 0 if relying else 0)
    return standing[-1] if standing else None


def undo_judgement(case: Case, actor: Actor, judgement: str) -> int:
    """Undo the last judgement of a case, named by its event; return on how many places it was.

    What was said of a place before is said again; what was only carried over from an older version
    waits for a judgement. Raises `Refused` for those who may not judge, and if another judgement,
    a finding or a proposal came after it.
    """
    with transaction.atomic():
        role = lock_to_judge(case, actor)
        last = last_judgement(case)
        if last is None or str(last.uid) != judgement:
            raise Refused(
                _(
                    "This cannot be undone any more: something else was judged or recorded since."
                    " Judge the places anew instead."
                )
            )
        places = places_of(last)
        before: dict[_Said, list[UUID]] = defaultdict(list)
        said = _said_before(case, last, places)
        for place in places:
            before[said.get(place, ("", "", None))].append(place)
        for (verdict, judged_by, judged_at), same in before.items():
            case.matches.filter(pk__in=same).update(
                verdict=verdict, judged_by=judged_by, judged_at=judged_at
            )
        append_case_event(
            case,
            _UNDONE,
            role=role,
            pseudonym=actor.pseudonym,
            facts={"judgement": judgement, "matches": [str(place) for place in places]},
        )
    return len(places)


def places_of(judgement: Event) -> list[UUID]:
    """Return the matches on which a judgement was."""
    matches = judgement.facts["matches"]
    return [UUID(str(pk)) for pk in matches] if isinstance(matches, list) else []


def verdict_of(judgement: Event) -> Match.Verdict:
    """Return what a judgement says."""
    return Match.Verdict(str(judgement.facts["verdict"]))


def _standing(case: Case, *, after: int = 0) -> list[Event]:
    """Return the judgements of a case after a step that were not undone, in their order."""
    steps = events_of_case(case.pseudonym).filter(name__in=(JUDGED, _UNDONE), step__gt=after)
    found: dict[object, Event] = {}
    for event in steps:
        if event.name == JUDGED:
            found[str(event.uid)] = event
        else:
            found.pop(event.facts["judgement"], None)
    return list(found.values())


def _said_before(case: Case, last: Event, places: Collection[UUID]) -> dict[UUID, _Said]:
    """Return what was said of places by the judgements that stand, the last one left out."""
    said: dict[UUID, _Said] = {}
    for event in _standing(case):
        if event.uid != last.uid:
            for place in set(places_of(event)).intersection(places):
                said[place] = (verdict_of(event), event.actor, event.at)
    return said

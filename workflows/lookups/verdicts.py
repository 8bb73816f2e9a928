"""Judging matches: whether the person in a record is the subject of the case."""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.accounts.actors import Actor
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.cases.transition import append_case_event, lock_case
from workflows.common.errors import Refused
from workflows.datasets.models import Snapshot
from workflows.lookups.models import Match
from workflows.lookups.services import require_reviewer

# From the proposal to the answer: what is proposed and approved stays as it is.
DECIDED = frozenset({State.DECISION_PROPOSED, State.EXECUTING})
# The ids of so many matches fit into one entry of the log.
_AT_ONCE = 500


def judge(case: Case, actor: Actor, matches: Collection[UUID], verdict: str) -> int:
    """Set the verdict on matches of a case; return on how many. Each judgement is a step.

    A verdict can be changed until a decision is proposed: what is approved is what was judged by
    then. Raises `Refused` for those who may not, for an unknown verdict, after the proposal,
    and if a match is not of this case.
    """
    if verdict not in Match.Verdict.values:
        raise Refused(_("Choose whether the match is theirs, not theirs, or unsure."))
    wanted = list(dict.fromkeys(matches))
    with transaction.atomic():
        locked = lock_case(case)
        role = require_reviewer(locked, actor)
        if locked.state in DECIDED:
            raise Refused(
                _(
                    "A decision on what was judged so far is proposed or approved. Have it sent"
                    " back to the review; then judge the rest, and propose anew."
                )
            )
        found = Match.objects.filter(case=case, pk__in=wanted)
        if not wanted or found.count() != len(wanted):
            raise Refused(_("Choose at least one match of this case."))
        found.update(verdict=verdict, judged_by=actor.pseudonym, judged_at=timezone.now())
        for first in range(0, len(wanted), _AT_ONCE):
            append_case_event(
                case,
                "match.reviewed",
                role=role,
                pseudonym=actor.pseudonym,
                facts={
                    "verdict": verdict,
                    "matches": [str(pk) for pk in wanted[first : first + _AT_ONCE]],
                },
            )
    return len(wanted)


def waiting_in_newer(case: Case) -> int:
    """Return how many places nobody has judged in versions that came after the decision.

    What was judged in older ones is carried over where it is certain; 0 while all can be judged.
    """
    if case.state not in DECIDED:
        return 0
    newer = Snapshot.objects.filter(state=Snapshot.State.READABLE).exclude(parent=None)
    return Match.objects.filter(case=case, snapshot__in=newer, verdict="").count()


def judge_rest(case: Case, actor: Actor, snapshot_id: int, strength: str, verdict: str) -> int:
    """Set one verdict on all matches of a snapshot and strength that nobody has judged yet."""
    rest = Match.objects.filter(case=case, snapshot=snapshot_id, strength=strength, verdict="")
    return judge(case, actor, list(rest.values_list("pk", flat=True)), verdict)

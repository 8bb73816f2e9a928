"""Looking people up: asking for a pass, for whom it looks, and what staff say of what was found.

A pass is an effect that writes one row and one effect for each shard; each shard is long work of
its own. Both are done in `scanning`.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.accounts.actors import Actor
from workflows.cases.lifecycle import FINAL, IN_PROGRESS, OPEN, State
from workflows.cases.models import Case
from workflows.cases.transition import append_case_event, lock_case
from workflows.common.errors import Refused
from workflows.common.inputs import require_text
from workflows.datasets.models import Snapshot
from workflows.lookups.models import AddedSpelling, LookupRun, Match
from workflows.outbox.services import enqueue
from workflows.vocabulary.roles import Role

START = "lookups.start_lookup"
SCAN = "lookups.scan_shard"
JUDGED = "match.reviewed"
CARRY = "corrections.carry_verdicts"
_KEEP_RUNS = timedelta(days=90)
# Weak hits of one case that are kept of one shard, until staff ask for more: a common name stands
# in thousands of records, and nobody judges so many. All are counted; `PlacesNotKept` says of what.
WEAK_KEPT = 200
# So many times as many are kept when staff ask for more.
_MORE = 5

REVIEWERS = frozenset({Role.REVIEWER, Role.PRIVACY_OFFICER})
# Whose data is looked up each night: everyone whose request is not answered yet.
LOOKED_UP = frozenset(OPEN) - {State.FILED}

logger = logging.getLogger(__name__)


# From the proposal to the answer: what is proposed and approved stays as it is.
DECIDED = frozenset({State.DECISION_PROPOSED, State.EXECUTING})
# The ids of so many matches fit into one entry of the log.
_AT_ONCE = 500


def require_reviewer(case: Case, actor: Actor) -> Role:
    """Return the role under which an actor looks a person up. Raises `Refused`."""
    if not actor.roles & REVIEWERS:
        raise Refused(_("Only reviewers look people up and judge what was found."))
    if case.state not in IN_PROGRESS:
        raise Refused(_("In this state of the case nobody is looked up."))
    return actor.role_for(REVIEWERS)


def request_lookup(case: Case, actor: Actor, *, keep_more: bool = False) -> LookupRun:
    """Have the subject of a case looked up in every readable snapshot.

    With `keep_more`, several times as many weak places of each shard are kept from now on. Raises
    `Refused` for those who may not, and while the last look-up is still running.
    """
    role = require_reviewer(case, actor)
    with transaction.atomic():
        pages = pages_of([case.pk]).get(case.pk, 1) * _MORE if keep_more else 1
        run = _new_run(case, LookupRun.Reason.STAFF, actor.pseudonym, pages=pages)
        if run is None:
            raise Refused(_("A look-up of this person is under way; wait until it is done."))
        _record_request(run, role, actor.pseudonym)
    return run


def pages_of(cases: Iterable[UUID]) -> dict[UUID, int]:
    """Return by case how many times as many weak places are kept as otherwise."""
    runs = LookupRun.objects.filter(case__in=list(cases)).order_by().values("case")
    return dict(runs.annotate(most=Max("pages")).values_list("case", "most"))


def look_up_at_review(case: Case) -> LookupRun | None:
    """Look the subject up because the review began; None if that is being done already."""
    with transaction.atomic():
        run = _new_run(case, LookupRun.Reason.REVIEW, "")
        if run is not None:
            _record_request(run, Role.SYSTEM)
    return run


def add_spelling(case: Case, actor: Actor, kind: str, value: str) -> LookupRun | None:
    """Keep another spelling of an identifier and search once more with all that is known.

    None while a look-up is under way: another follows when it is done. Raises `Refused`, and
    `InvalidInput` for an empty spelling or an unknown kind.
    """
    role = require_reviewer(case, actor)
    value = require_text(value)
    if kind not in AddedSpelling.Kind.values:
        raise Refused(_("Choose what kind of identifier this is."))
    with transaction.atomic():
        AddedSpelling.objects.create(case=case, kind=kind, value=value, added_by=actor.pseudonym)
        append_case_event(
            case,
            "spelling.added",
            role=role,
            pseudonym=actor.pseudonym,
            facts={"kind": kind},
            contents={"spelling": value},
        )
        run = _new_run(case, LookupRun.Reason.SPELLING, actor.pseudonym)
        if run is not None:
            _record_request(run, role, actor.pseudonym)
        return run


def look_up_late_spellings(done: LookupRun) -> LookupRun | None:
    """Search once more if a spelling was added while the look-up that is now done was under way."""
    late = AddedSpelling.objects.filter(case=done.case_id, added_at__gt=done.requested_at).last()
    if late is None or done.case is None or done.case.state not in IN_PROGRESS:
        return None
    run = _new_run(done.case, LookupRun.Reason.SPELLING, late.added_by)
    if run is not None:
        _record_request(run, Role.SYSTEM)
    return run


def nightly_pass() -> LookupRun | None:
    """Look all open cases up together; None while the pass of another night is still running."""
    with transaction.atomic():
        run = _new_run(None, LookupRun.Reason.NIGHTLY, "")
    if run is None:
        logger.warning("The nightly pass before is still running")
    return run


def look_up_version(snapshot: Snapshot) -> LookupRun | None:
    """Look all open cases up in a version that was made of another; None if that is being done.

    What was judged in the older one is then carried over where it is certain.
    """
    if not Case.objects.filter(erased_at=None, state__in=LOOKED_UP).exists():
        return None
    with transaction.atomic():
        return _new_run(None, LookupRun.Reason.VERSION, "", snapshot)


def cases_of(run: LookupRun) -> Iterable[Case]:
    """Return the cases of a run, with what `terms` reads."""
    cases = Case.objects.filter(erased_at=None).select_related("data_key")
    cases = cases.filter(pk=run.case_id) if run.case_id else cases.filter(state__in=LOOKED_UP)
    return cases.prefetch_related("people", "identifiers", "spellings")


def _new_run(
    case: Case | None,
    reason: str,
    requested_by: str,
    snapshot: Snapshot | None = None,
    *,
    pages: int = 1,
) -> LookupRun | None:
    try:
        with transaction.atomic():
            run = LookupRun.objects.create(
                case=case,
                snapshot=snapshot,
                reason=reason,
                requested_by=requested_by,
                pages=pages,
            )
    except IntegrityError:
        return None
    enqueue(START, key=f"{START}:{run.pk}", payload={"run": str(run.pk)})
    return run


def _record_request(run: LookupRun, role: Role, pseudonym: str = "") -> None:
    if run.case is not None:
        facts = {"run": str(run.pk), "reason": str(run.reason)}
        append_case_event(run.case, "lookup.requested", role=role, pseudonym=pseudonym, facts=facts)


def purge_runs() -> int:
    """Forget how runs went that ended long ago; the matches and the log stay.

    Those of an open case, and of versions that exist, are kept: answers say by them what was
    searched.
    """
    old = LookupRun.objects.filter(finished_at__lt=timezone.now() - _KEEP_RUNS)
    of_version = Q(snapshot__state=Snapshot.State.PURGED)
    nightly = Q(case=None, snapshot=None)
    return old.filter(nightly | of_version | Q(case__state__in=FINAL)).delete()[0]


def judge(case: Case, actor: Actor, matches: Collection[UUID], verdict: str) -> int:
    """Set the verdict on matches of a case; return on how many. Each judgement is a step.

    A verdict can be changed until a decision is proposed: what is approved is what was judged by
    then. Weak places are judged one by one, together only where their texts are identical. Raises
    `Refused` for those who may not, for an unknown verdict, after the proposal, and if a match is
    not of this case.
    """
    if verdict not in Match.Verdict.values:
        raise Refused(_("Choose whether the match is theirs, not theirs, or unsure."))
    wanted = list(dict.fromkeys(matches))
    with transaction.atomic():
        role = lock_to_judge(case, actor)
        found = Match.objects.filter(case=case, pk__in=wanted)
        if not wanted or found.count() != len(wanted):
            raise Refused(_("Choose at least one match of this case."))
        if len(wanted) > 1:
            _require_no_namesakes(found.select_related("case__data_key"))
        found.update(verdict=verdict, judged_by=actor.pseudonym, judged_at=timezone.now())
        for first in range(0, len(wanted), _AT_ONCE):
            append_case_event(
                case,
                JUDGED,
                role=role,
                pseudonym=actor.pseudonym,
                facts={
                    "verdict": verdict,
                    "matches": [str(pk) for pk in wanted[first : first + _AT_ONCE]],
                },
            )
    return len(wanted)


def lock_to_judge(case: Case, actor: Actor) -> Role:
    """Lock a case whose places an actor judges; return under which role. Raises `Refused`."""
    locked = lock_case(case)
    role = require_reviewer(locked, actor)
    if locked.state in DECIDED:
        raise Refused(
            _(
                "A decision on what was judged so far is proposed or approved. Have it sent"
                " back to the review; then judge the rest, and propose anew."
            )
        )
    return role


def _require_no_namesakes(matches: Iterable[Match]) -> None:
    """Refuse to judge several places at once of which one is weak, unless their texts are one."""
    found = list(matches)
    texts = {match.text_place for match in found}
    weak = any(match.strength == Match.Strength.WEAK for match in found)
    if weak and (len(texts) > 1 or None in texts):
        raise Refused(
            _(
                "A weak place may be a namesake’s: judge weak places one by one. Only those whose"
                " text is identical can be judged together."
            )
        )


def identical_places(matches: Collection[Match]) -> dict[UUID, list[UUID]]:
    """Return for each of these matches of one case all that stand alike in an identical text.

    Itself among them, and only those that have the same verdict. One query.
    """
    like: dict[object, list[UUID]] = defaultdict(list)
    own = Match.objects.filter(
        case__in={match.case_id for match in matches},
        start__in={match.start for match in matches},
        text_sha256__isnull=False,
    )
    for match in own.select_related("case__data_key").order_by("pk"):
        like[match.verdict, match.text_place].append(match.pk)
    return {match.pk: like.get((match.verdict, match.text_place), [match.pk]) for match in matches}


def waiting_in_newer(case: Case) -> int:
    """Return how many places nobody has judged in versions that came after the decision.

    What was judged in older ones is carried over where it is certain; 0 while all can be judged.
    """
    if case.state not in DECIDED:
        return 0
    newer = Snapshot.objects.filter(state=Snapshot.State.READABLE).exclude(parent=None)
    return Match.objects.filter(case=case, snapshot__in=newer, verdict="").count()

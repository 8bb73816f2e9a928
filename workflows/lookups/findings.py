"""What the look-ups of a case came to: per scope for the finding, per dataset for the answer."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from django.db.models import Count, F, Q, Sum
from django.utils.translation import gettext as _

from workflows.cases.models import Case
from workflows.datasets.models import Dataset, Snapshot, TrainedModel
from workflows.datasets.problems import sentence
from workflows.lookups.models import LookupRun, Match, PlacesNotKept, ShardScan
from workflows.vocabulary.outcomes import Outcome, Scope, ScopeResult


@dataclass(frozen=True, slots=True)
class SnapshotFinding:
    """One snapshot: how the person was found in it. `verdicts` counts matches by verdict.

    `not_kept` is the number of places where the name alone stands which nobody can judge: there
    were too many of them to be kept.
    """

    snapshot: Snapshot
    searched: bool
    verdicts: Counter[str] = field(default_factory=Counter)
    models: tuple[TrainedModel, ...] = ()
    not_kept: int = 0

    @property
    def found(self) -> int:
        """The number of matches that are theirs."""
        return self.verdicts[Match.Verdict.THEIRS]

    @property
    def open(self) -> int:
        """The number of matches that nobody has judged, or nobody was sure of."""
        return self.verdicts[""] + self.verdicts[Match.Verdict.UNSURE]

    @property
    def result(self) -> str:
        """What the answer may say of this snapshot."""
        if self.found:
            return ScopeResult.FOUND
        clean = self.searched and not self.open and not self.not_kept
        return ScopeResult.SEARCHED if clean else ScopeResult.NOT_SEARCHED

    @property
    def result_name(self) -> str:
        """How far the search of it is, in words."""
        if self.open and not self.found:
            return _("To be judged")
        if self.not_kept and not self.found:
            return _("Not all places kept")
        return str(ScopeResult(self.result).label)


def findings_of(case: Case, *, also: Collection[int] = ()) -> list[SnapshotFinding]:
    """Return one finding for each snapshot that is registered and not purged, by dataset.

    `also` are the ids of snapshots that are told of even if they were purged.
    """
    verdicts: dict[int, Counter[str]] = defaultdict(Counter)
    counted = Match.objects.filter(case=case).values_list("snapshot", "verdict")
    for snapshot_id, verdict, number in counted.annotate(Count("pk")):
        verdicts[snapshot_id][verdict] += number
    searched, not_kept = _searched(case), not_kept_of(case)
    snapshots = (
        Snapshot.objects.exclude(Q(state=Snapshot.State.PURGED) & ~Q(pk__in=list(also)))
        .select_related("dataset")
        .prefetch_related("models")
        .order_by("dataset__name", "-registered_at")
    )
    return [
        SnapshotFinding(
            snapshot,
            snapshot.pk in searched,
            verdicts[snapshot.pk],
            tuple(snapshot.models.all()),
            not_kept.get(snapshot.pk, 0),
        )
        for snapshot in snapshots
    ]


def not_kept_of(case: Case) -> dict[int, int]:
    """Return by snapshot how many weak places of a case were counted and not kept."""
    found = PlacesNotKept.objects.filter(case=case).order_by().values("snapshot")
    counted = found.annotate(number=Sum(F("counted") - F("kept")))
    return dict(counted.values_list("snapshot", "number"))


def scope_results(findings: list[SnapshotFinding]) -> dict[str, str]:
    """Return what the look-up came to for each scope in which a dataset is registered.

    Found if it was found in one of them; searched only if it is true of all.
    """
    by_scope: dict[str, set[str]] = defaultdict(set)
    for finding in findings:
        by_scope[finding.snapshot.dataset.scope].add(finding.result)
    order = (ScopeResult.FOUND, ScopeResult.NOT_SEARCHED, ScopeResult.SEARCHED)
    return {
        scope: next(result for result in order if result in by_scope[scope])
        for scope in Scope.values
        if scope in by_scope
    }


def denies_what_was_found(case: Case, outcome: str) -> bool:
    """Return whether an outcome says that nothing is there, and matches were judged to be theirs.

    It may be right: an item can be about one statement, and the person stand elsewhere.
    """
    denies = outcome in {Outcome.NOT_HELD, Outcome.NOT_IDENTIFIABLE}
    return denies and case.matches.filter(verdict=Match.Verdict.THEIRS).exists()


def contradicting_scopes(looked_up: Mapping[str, str], said: Mapping[str, str]) -> list[Scope]:
    """Return the scopes of which something else is said than a look-up that searched came to.

    The answer tells of both, and whoever reads it would wonder.
    """
    return [
        Scope(scope)
        for scope, result in looked_up.items()
        if result != ScopeResult.NOT_SEARCHED and said.get(scope) not in (None, "", result)
    ]


def unapproved_sources(findings: list[SnapshotFinding]) -> list[Dataset]:
    """Return the datasets in which the person was found and that nobody has approved as lawful."""
    datasets = {f.snapshot.dataset for f in findings if f.found}
    return sorted((d for d in datasets if not d.is_approved), key=lambda d: d.name)


def _searched(case: Case) -> set[int]:
    """Return the snapshots that the last finished run of this case has searched to the end.

    And the versions that came later, for which all open cases were looked up together.
    """
    finished = LookupRun.objects.exclude(finished_at=None)
    run = finished.filter(case=case).first()
    if run is None:
        return set()
    later = finished.filter(
        case=None, reason=LookupRun.Reason.VERSION, requested_at__gte=run.requested_at
    )
    states: dict[int, set[str]] = defaultdict(set)
    scans = ShardScan.objects.filter(run__in=[run.pk, *later.values_list("pk", flat=True)])
    for snapshot_id, state in scans.values_list("snapshot", "state").distinct():
        states[snapshot_id].add(state)
    return {pk for pk, found in states.items() if found == {ShardScan.State.DONE}}


def scan_error_of(scan: ShardScan) -> str:
    """Return why a piece of a snapshot could not be searched, or an empty text."""
    return sentence(scan.problem, scan.file) if scan.problem else ""

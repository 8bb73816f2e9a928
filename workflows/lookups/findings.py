"""What the look-ups of a case came to: by scope, by dataset, by model; and how far they are."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflows.cases.models import Case
from workflows.common.errors import Refused
from workflows.datasets.models import Dataset, Snapshot, TrainedModel
from workflows.datasets.read_errors import read_error_text
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
        if self.verdicts[""] and not self.found:
            return _("To be judged")
        if self.open and not self.found:
            return str(Match.Verdict.UNSURE.label)
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
    """Return the scopes of which something else is said than the look-up came to.

    The answer tells of both, and whoever reads it would wonder. Where it did not search to the end,
    all but "searched, nothing found" may be known some other way.
    """
    return [
        Scope(scope)
        for scope, result in looked_up.items()
        if said.get(scope) not in (None, "", result)
        and (result != ScopeResult.NOT_SEARCHED or said[scope] == ScopeResult.SEARCHED)
    ]


def unjudged_places(case: Case) -> int:
    """Return how many places nobody has judged, in data that exist."""
    waiting = Match.objects.filter(case=case, verdict="")
    return waiting.exclude(snapshot__state=Snapshot.State.PURGED).count()


def check_finding(case: Case, said: Mapping[str, str]) -> list[Scope]:
    """Return the scopes of which a finding says something else than the look-up came to.

    Raises `Refused` while the look-up is running, and while places wait for a judgement: nobody
    knows yet what it came to.
    """
    if LookupRun.objects.filter(case=case, finished_at=None).exists():
        raise Refused(_("The look-up is under way. Record the finding when it is done."))
    if waiting := unjudged_places(case):
        raise Refused(
            ngettext(
                "%(n)s place that was found waits to be judged. Judge it, then record the finding.",
                "%(n)s places that were found wait to be judged. Judge them, then record the"
                " finding.",
                waiting,
            )
            % {"n": waiting}
        )
    return contradicting_scopes(scope_results(findings_of(case)), said)


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
    return read_error_text(scan.problem, scan.file) if scan.problem else ""


@dataclass(frozen=True, slots=True)
class Progress:
    """The last look-up of a case; `run` is None if there was none. Bytes, and bytes a second."""

    run: LookupRun | None
    shards: int = 0
    done: int = 0
    failed: tuple[ShardScan, ...] = ()
    bytes: int = 0
    speed: int = 0
    strong: int = 0
    weak: int = 0

    @property
    def is_running(self) -> bool:
        """Whether shards are still to be searched."""
        return self.run is not None and self.run.finished_at is None

    @property
    def percent(self) -> int:
        """The part of the shards that were searched or have failed."""
        if not self.is_running:
            return 100 if self.run else 0
        return 100 * self.done // self.shards if self.shards else 0

    @property
    def megabytes(self) -> float:
        """What was read so far, in millions of bytes."""
        return self.bytes / 1e6

    @property
    def megabytes_a_second(self) -> float:
        """How fast it was read, by all workers together."""
        return self.speed / 1e6

    def as_json(self) -> dict[str, Any]:
        """Return what the page shows while it waits."""
        return {
            "running": self.is_running,
            "percent": self.percent,
            "shards": self.shards,
            "done": self.done,
            "megabytes": round(self.megabytes, 1),
            "speed": round(self.megabytes_a_second, 1),
            "strong": self.strong,
            "weak": self.weak,
        }


def progress_of(case: Case) -> Progress:
    """Return how far the newest look-up of a case is."""
    run = LookupRun.objects.filter(case=case).first()
    if run is None:
        return Progress(None)
    waiting = Q(state=ShardScan.State.WAITING)
    sums = run.scans.aggregate(
        shards=Count("pk"),
        done=Count("pk", filter=~waiting),
        bytes=Sum("bytes"),
        strong=Sum("strong"),
        weak=Sum("weak"),
    )
    failed = run.scans.filter(state=ShardScan.State.FAILED).select_related("snapshot__dataset")
    return Progress(
        run,
        shards=sums["shards"],
        done=sums["done"],
        failed=tuple(failed[:20]),
        bytes=sums["bytes"] or 0,
        speed=_speed(run, sums["bytes"] or 0, timezone.now()),
        strong=sums["strong"] or 0,
        weak=sums["weak"] or 0,
    )


def _speed(run: LookupRun, size: int, now: datetime) -> int:
    if run.started_at is None or not size:
        return 0
    elapsed = (run.finished_at or now) - run.started_at
    return int(size / max(elapsed, timedelta(milliseconds=1)).total_seconds())


def affected_models(case: Case) -> list[TrainedModel]:
    """Return the models trained on a snapshot in which something is the person's. One query.

    Also on one whose data were deleted meanwhile: the model has learnt from them all the same.
    """
    theirs = Match.objects.filter(case=case, verdict=Match.Verdict.THEIRS)
    models = TrainedModel.objects.filter(snapshots__in=theirs.values("snapshot"))
    return list(models.distinct())


def next_step(model: TrainedModel, *, changed: bool) -> str:
    """Return what is done about a model, as a sentence in the active language.

    `changed`: data on which it was trained are changed for this case. Where nothing is, only what
    becomes of the model is told, and nothing of a change.
    """
    day = model.next_training_on
    match model.next_training:
        case TrainedModel.NextTraining.WITHOUT if changed and day:
            what = _("it is trained next on %(day)s, on the changed data")
        case TrainedModel.NextTraining.WITHOUT if changed:
            what = _("its next training, on no fixed day yet, uses the changed data")
        case TrainedModel.NextTraining.WITHOUT if day:
            what = _("it is trained next on %(day)s")
        case TrainedModel.NextTraining.WITHOUT:
            what = _("it is trained again, on no fixed day yet")
        case TrainedModel.NextTraining.FILTER if changed:
            what = _("it is not trained again; what it says is filtered")
        case TrainedModel.NextTraining.FILTER:
            what = _("it is not trained again")
        case _:
            what = _("it is neither trained again nor filtered")
    what %= {"day": date_format(day, "DATE_FORMAT") if day else ""}
    line = _("%(model)s: %(what)s.") % {"model": model, "what": what}
    return f"{line} {model.explanation}".strip()


def retraining_day(models: Iterable[TrainedModel], today: date) -> date | None:
    """Return the day after which all models that are trained again have been; None if unknown."""
    again = [m for m in models if m.next_training == TrainedModel.NextTraining.WITHOUT]
    days = [m.next_training_on for m in again if m.next_training_on and m.next_training_on > today]
    return max(days) if days and len(days) == len(again) else None

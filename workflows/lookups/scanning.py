"""A look-up at work: cut into shards, each scanned, what is found kept, ended with the last."""

import logging
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from workflows.cases.models import Case
from workflows.cases.transition import append_case_event
from workflows.corpus.columns import text_sha256
from workflows.corpus.formats.protocol import Shard
from workflows.corpus.locate import RecordHits, locate_records
from workflows.corpus.match.patterns import Patterns
from workflows.corpus.values import (
    Hit,
    ReadError,
    ReadProblem,
    ReadStats,
    Strength,
)
from workflows.datasets.locations import shards_of
from workflows.datasets.models import Snapshot
from workflows.ledger.canonical import canonical_json
from workflows.lookups.excerpts import excerpt
from workflows.lookups.models import LookupRun, Match, PlacesNotKept, ShardScan
from workflows.lookups.services import (
    CARRY,
    LOOKED_UP,
    SCAN,
    WEAK_KEPT,
    cases_of,
    look_up_late_spellings,
    pages_of,
)
from workflows.lookups.terms import terms_of_all
from workflows.outbox.long_work import advisory_lock, enqueue_task
from workflows.outbox.services import enqueue
from workflows.vault.blind_index import current_key, index_keys
from workflows.vocabulary.roles import Role

if TYPE_CHECKING:
    from workflows.ledger.canonical import Json


_ROWS_AT_ONCE = 500
# A shard is a small row: more are written at once.
_SCANS_AT_ONCE = 1000
# Letters of the texts with hits that are kept in memory until these are written.
_LETTERS_AT_ONCE = 4_000_000
# Letters on either side of a hit in which begins what can reach into its excerpt.
_NEAR = 4096
_PLACE = "match.place"
logger = logging.getLogger(__name__)


def start_lookup(run_id: str) -> None:
    """Cut a look-up into shards; it ends at once where there is nothing that can be searched."""
    run = LookupRun.objects.get(pk=run_id)
    split_into_shards(run)
    finish_run(run)


def split_into_shards(run: LookupRun) -> None:
    """Cut what is to be searched into shards and have each scanned; again adds nothing."""
    if run.started_at is not None:
        return
    readable = Snapshot.objects.filter(state=Snapshot.State.READABLE)
    for snapshot in readable.filter(pk=run.snapshot_id) if run.snapshot_id else readable:
        _add_scans(run, snapshot)
    run.started_at = timezone.now()
    run.save(update_fields=["started_at"])


def _add_scans(run: LookupRun, snapshot: Snapshot) -> None:
    try:
        files = [shard.file for shard in shards_of(snapshot)]
    except ReadError as error:
        # It was readable when it was registered. The run says that it is not any more.
        ShardScan.objects.create(
            run=run,
            snapshot=snapshot,
            number=0,
            file=error.about[:500],
            state=ShardScan.State.FAILED,
            problem=error.problem,
            finished_at=timezone.now(),
        )
        return
    scans = ShardScan.objects.bulk_create(
        (
            ShardScan(run=run, snapshot=snapshot, number=number, file=file)
            for number, file in enumerate(files)
        ),
        batch_size=_SCANS_AT_ONCE,
    )
    for scan in scans:
        enqueue_task(SCAN, str(scan.pk), about=str(scan.pk))


def scan_shard(scan_id: int | str) -> None:
    """Search one shard that was not searched yet, unless another process does."""
    with advisory_lock(SCAN, str(scan_id)) as free:
        if not free:
            return
        scan = (
            ShardScan.objects.select_related("run", "snapshot__dataset")
            .filter(pk=scan_id, state=ShardScan.State.WAITING)
            .first()
        )
        if scan is None:
            return
        try:
            _scan(scan)
        except ReadError as error:
            fail_shard(scan, error.problem)
        else:
            finish_run(scan.run)


def abandon_scan(scan_id: str) -> None:
    """Say that searching a shard never came to an end."""
    waiting = ShardScan.objects.filter(pk=scan_id, state=ShardScan.State.WAITING)
    if scan := waiting.select_related("run").first():
        fail_shard(scan, ReadProblem.GAVE_UP)


def fail_shard(scan: ShardScan, problem: str) -> None:
    """Say why a shard could not be searched, and end the run if it was the last."""
    scan.state, scan.problem = ShardScan.State.FAILED, problem
    scan.finished_at = timezone.now()
    scan.save(update_fields=["state", "problem", "finished_at"])
    logger.warning("Shard %s of snapshot %s: %s", scan.number, scan.snapshot_id, problem)
    finish_run(scan.run)


def finish_run(run: LookupRun) -> None:
    """End a run of which every shard was searched or has failed, and tell the log of its cases."""
    with transaction.atomic():
        locked = LookupRun.objects.select_for_update().get(pk=run.pk)
        if locked.finished_at is not None or locked.started_at is None:
            return
        if locked.scans.filter(state=ShardScan.State.WAITING).exists():
            return
        locked.finished_at = timezone.now()
        locked.save(update_fields=["finished_at"])
        clear_pass_cache()
        states = Counter(locked.scans.values_list("state", flat=True))
        found = _found_since(locked)
        for case in Case.objects.filter(pk__in={*found, locked.case_id}, erased_at=None):
            new = found[case.pk]
            append_case_event(
                case,
                "lookup.finished",
                role=Role.SYSTEM,
                facts={
                    "run": str(locked.pk),
                    "searched": states[ShardScan.State.DONE],
                    "failed": states[ShardScan.State.FAILED],
                    "new_strong": new[Strength.STRONG],
                    "new_weak": new[Strength.WEAK],
                },
            )
        _carry_verdicts(locked)
        look_up_late_spellings(locked)


def _carry_verdicts(run: LookupRun) -> None:
    """Have verdicts on older versions, and of older matches, carried over to what was found now."""
    own = Match.objects.filter(snapshot=OuterRef("pk"))
    searched = Snapshot.objects.filter(
        Exists(own.filter(verdict="", case__state__in=LOOKED_UP)),
        Q(parent__isnull=False) | Exists(own.filter(text_sha256__isnull=True)),
        pk__in=run.scans.values("snapshot"),
    )
    for pk in searched.values_list("pk", flat=True):
        enqueue(CARRY, key=f"{CARRY}:{run.pk}:{pk}", payload={"id": str(pk)})


def _found_since(run: LookupRun) -> dict[UUID, Counter[str]]:
    """Return how many matches of each strength a run has added to each of its cases."""
    matches = Match.objects.filter(found_at__gte=run.requested_at)
    if run.case_id:
        matches = matches.filter(case=run.case_id)
    found: dict[UUID, Counter[str]] = defaultdict(Counter)
    for case_id, strength in matches.values_list("case", "strength"):
        found[case_id][strength] += 1
    return found


@dataclass(frozen=True, slots=True)
class _Searched:
    """What a run looks for, and of each case, by its id, how many weak places of a shard it keeps.

    Of a case that is not among `kept` it finds out nothing.
    """

    patterns: Patterns
    kept: Mapping[str, int]


@lru_cache(maxsize=1)
def _searched_for(run_id: UUID) -> _Searched:
    """Decide for whom a run looks; it stays in this process until a run ends or another begins.

    Cases enter and leave while it is under way: asked once more, these would be others.
    """
    cases = list(cases_of(LookupRun.objects.get(pk=run_id)))
    pages = pages_of(case.pk for case in cases)
    kept = {str(case.pk): WEAK_KEPT * pages.get(case.pk, 1) for case in cases}
    return _Searched(Patterns(terms_of_all(cases)), kept)


@lru_cache(maxsize=1)
def _shards_of(_run_id: UUID, snapshot_id: int) -> list[Shard]:
    return shards_of(Snapshot.objects.get(pk=snapshot_id))


def clear_pass_cache() -> None:
    """Drop what this process remembers of the last run."""
    _searched_for.cache_clear()
    _shards_of.cache_clear()


def _scan(scan: ShardScan) -> None:
    begun = time.perf_counter()
    shards = _shards_of(scan.run_id, scan.snapshot_id)
    if scan.number >= len(shards):
        raise ReadError(f"{scan.file} has changed.", ReadProblem.CHANGED, scan.file)
    figures, counts = ReadStats(), Counter[tuple[str | int, str]]()
    searched = _searched_for(scan.run_id)
    pending: list[tuple[Hit, RecordHits]] = []
    letters = 0
    for record in locate_records(
        shards[scan.number], searched.patterns, scan.snapshot.schema, figures
    ):
        for hit in record.hits:
            counts[hit.ref, hit.strength] += 1
            kept = searched.kept[str(hit.ref)]
            if hit.strength is Strength.STRONG or counts[hit.ref, hit.strength] <= kept:
                pending.append((hit, record))
        letters += sum(map(len, record.texts.values()))
        if len(pending) >= _ROWS_AT_ONCE or letters >= _LETTERS_AT_ONCE:
            _keep(scan, pending)
            pending, letters = [], 0
    _keep(scan, pending)
    scan.state, scan.finished_at = ShardScan.State.DONE, timezone.now()
    scan.bytes, scan.seconds = figures.bytes, time.perf_counter() - begun
    scan.strong = _count(counts, Strength.STRONG)
    scan.weak = _count(counts, Strength.WEAK)
    with transaction.atomic():
        scan.save()
        _say_what_was_not_kept(scan, counts, searched.kept)


def _say_what_was_not_kept(
    scan: ShardScan, counts: Mapping[tuple[str | int, str], int], kept: Mapping[str, int]
) -> None:
    """Keep for each case how many weak places of a shard there are beyond those that were kept.

    What is known of cases for which this run did not look stays.
    """
    found = {pk: counts.get((pk, Strength.WEAK), 0) for pk in sorted(kept)}
    more = [
        PlacesNotKept(
            case_id=UUID(pk),
            snapshot=scan.snapshot,
            number=scan.number,
            counted=counted,
            kept=kept[pk],
        )
        for pk, counted in found.items()
        if counted > kept[pk]
    ]
    own = PlacesNotKept.objects.filter(snapshot=scan.snapshot, number=scan.number)
    own.filter(case__in=[UUID(pk) for pk in kept if found[pk] <= kept[pk]]).delete()
    # The run of a case and the pass of the night may search the same shard at the same time.
    PlacesNotKept.objects.bulk_create(
        more,
        update_conflicts=True,
        unique_fields=["case", "snapshot", "number"],
        update_fields=["counted", "kept"],
    )


def _count(counts: Mapping[tuple[str | int, str], int], strength: Strength) -> int:
    return sum(number for (_ref, found), number in counts.items() if found == strength)


def _keep(scan: ShardScan, found: list[tuple[Hit, RecordHits]]) -> None:
    """Write matches; a place that is known already is passed over, a case that was erased too."""
    if not found:
        return
    with transaction.atomic():
        refs = {str(hit.ref) for hit, _record in found}
        # Locked, so that nothing is written for a case that is being erased at this moment.
        cases = {
            str(case.pk): case
            for case in Case.objects.select_for_update(of=("self",), no_key=True)
            .select_related("data_key")
            .filter(pk__in=refs, erased_at=None)
            .order_by("pk")
        }
        once = _OncePerRecord()
        known = [
            (hit, record, once.digest(record, hit.field))
            for hit, record in found
            if str(hit.ref) in cases
        ]
        _take_over({(cases[str(one[0].ref)].pk, _place(scan, *one)) for one in known})
        Match.objects.bulk_create(
            (
                _match(cases[str(hit.ref)], scan, hit, record, sha256, own=once.own(record, hit))
                for hit, record, sha256 in known
            ),
            ignore_conflicts=True,
        )


class _OncePerRecord:
    """What is worked out once of the record that was asked for last: many hits may stand in it."""

    def __init__(self) -> None:
        self._record: RecordHits | None = None
        self._digests: dict[str, str] = {}
        self._spans: dict[tuple[str | int, str], list[tuple[int, int]]] = {}

    def _begin(self, record: RecordHits) -> None:
        if record is self._record:
            return
        self._record, self._digests = record, {}
        self._spans = defaultdict(list)
        for hit in record.hits:
            self._spans[hit.ref, hit.field].append((hit.start, hit.end))
        for spans in self._spans.values():
            spans.sort()

    def digest(self, record: RecordHits, field: str) -> str:
        """Return the digest of a text of a record."""
        self._begin(record)
        if field not in self._digests:
            self._digests[field] = text_sha256(record.texts[field])
        return self._digests[field]

    def own(self, record: RecordHits, hit: Hit) -> list[tuple[int, int]]:
        """Return the spans of the same person near a hit: what its excerpt may show."""
        self._begin(record)
        spans = self._spans[hit.ref, hit.field]
        first = bisect_left(spans, (hit.start - _NEAR, 0))
        return spans[first : bisect_left(spans, (hit.end + _NEAR, 0))]


def _place(scan: ShardScan, hit: Hit, record: RecordHits, sha256: str) -> bytes:
    """Return what tells one place from all others; its keyed hash is stored."""
    place: list[Json] = [
        scan.snapshot_id,
        hit.file,
        record.position,
        str(hit.id),
        hit.field,
        hit.start,
        hit.end,
        sha256,
    ]
    return canonical_json(place)


def _take_over(places: set[tuple[UUID, bytes]]) -> None:
    """Let places that were found under a former index key be known by the current one."""
    current, *former = index_keys()
    for key in former:
        renewed = {
            (case, key.keyed_hash(_PLACE, place)): current.keyed_hash(_PLACE, place)
            for case, place in places
        }
        digests = [digest for _case, digest in renewed]
        of_cases = Match.objects.filter(case__in={case for case, _place in places})
        there = of_cases.filter(place_digest__in=list(renewed.values()))
        taken = {(case, bytes(one)) for case, one in there.values_list("case", "place_digest")}
        old = of_cases.filter(place_digest__in=digests).values_list("pk", "case", "place_digest")
        for pk, case, digest in old:
            new = renewed.get((case, bytes(digest)))
            if new is not None and (case, new) not in taken:
                Match.objects.filter(pk=pk).update(place_digest=new)


def _match(
    case: Case,
    scan: ShardScan,
    hit: Hit,
    record: RecordHits,
    sha256: str,
    *,
    own: Sequence[tuple[int, int]],
) -> Match:
    text = record.texts[hit.field]
    return Match(
        case=case,
        snapshot=scan.snapshot,
        place_digest=current_key().keyed_hash(_PLACE, _place(scan, hit, record, sha256)),
        file=hit.file,
        record=hit.id,
        position=record.position,
        text_sha256=sha256,
        source=record.source,
        field=hit.field,
        start=hit.start,
        end=hit.end,
        kind=hit.kind,
        strength=hit.strength,
        excerpt=asdict(excerpt(text, hit.start, hit.end, own=own)),
    )

"""The pass over a dataset: one shard, or many shards over several processes."""

import multiprocessing
import resource
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from workflows.corpus.columns import Batch, Candidate
from workflows.corpus.formats.protocol import Shard
from workflows.corpus.formats.registry import read_batches
from workflows.corpus.match.patterns import Patterns
from workflows.corpus.match.scan import candidates, findings
from workflows.corpus.processes import die_with_parent, gc_frozen
from workflows.corpus.values import Finding, Hit, ReadStats, Schema, hits_from_findings

# Shards for each process that are handed out before the result of the first is asked for: so many
# that none waits for a long one of another, and so few that results do not pile up.
_AHEAD = 16


class ScanAborted(Exception):
    """A process of the pass was ended from outside; the message says what to do."""


@dataclass(frozen=True, slots=True)
class RecordHits:
    """The hits of one record, and the whole texts of the fields in which they stand.

    `source` is what the field of the source or URL says, empty where there is none. `position` is
    where the record begins in its file, as `Batch` says; None in a table.
    """

    hits: tuple[Hit, ...]
    texts: Mapping[str, str]
    source: str = ""
    position: int | None = None


def locate_shard(
    shard: Shard, patterns: Patterns, schema: Schema | None = None, figures: ReadStats | None = None
) -> Iterator[Hit]:
    """Yield the hits in one shard, in the order of its records; add to `figures` what was read.

    Raises ReadError, which names the file, if the shard cannot be read to its end.
    """
    for batch in _batches(shard, patterns, schema, figures):
        for _record, hits in _hits(batch, shard, patterns):
            yield from hits


def locate_records(
    shard: Shard, patterns: Patterns, schema: Schema | None = None, figures: ReadStats | None = None
) -> Iterator[RecordHits]:
    """Yield the records of one shard that have hits, as `locate_shard` does, with their texts."""
    for batch in _batches(shard, patterns, schema, figures):
        texts = {column.field: column for column in batch.columns}
        for record, hits in _hits(batch, shard, patterns):
            fields = {hit.field for hit in hits}
            yield RecordHits(
                hits,
                {name: texts[name].text(record) for name in fields},
                batch.source(record),
                batch.position(record),
            )


def _batches(
    shard: Shard, patterns: Patterns, schema: Schema | None, figures: ReadStats | None
) -> Iterator[Batch]:
    def where(lines: memoryview) -> Iterator[Candidate]:
        return candidates(lines, patterns, escaped=True)

    for batch in read_batches(shard, schema or Schema(), where):
        if figures is not None:
            figures.add(batch.figures)
        yield batch


def _hits(batch: Batch, shard: Shard, patterns: Patterns) -> Iterator[tuple[int, tuple[Hit, ...]]]:
    """Yield the records of a batch that have hits, by index, and these."""
    by_record: dict[int, list[Finding]] = defaultdict(list)
    for column in batch.columns:
        for record, found in findings(column, patterns):
            by_record[record] += found
    for record in sorted(by_record):
        yield (
            record,
            tuple(
                hits_from_findings(
                    by_record[record], file=shard.file, record=batch.record_id(record)
                )
            ),
        )


@dataclass(frozen=True, slots=True)
class ShardResult:
    """The hits of one shard, what was read, and the most memory the process has used, in bytes."""

    hits: list[Hit]
    figures: ReadStats
    peak_memory: int


def locate(
    shards: Iterable[Shard], patterns: Patterns, schema: Schema, *, processes: int = 1
) -> Iterator[ShardResult]:
    """Yield the result of each shard, in their order, worked on by so many processes.

    Raises ScanAborted if one of them is killed.
    """
    if processes == 1:
        for shard in shards:
            yield _locate_one(shard, patterns, schema)
        return
    # Forked workers share the compiled patterns; elsewhere each would compile its own.
    with gc_frozen():
        pool = ProcessPoolExecutor(
            processes, multiprocessing.get_context("fork"), _Worker.start, (patterns, schema)
        )
        try:
            yield from _in_order(pool, shards, processes * _AHEAD)
        except BrokenProcessPool as error:
            raise ScanAborted(
                "A process of the look-up was ended, perhaps for want of memory. What was found so "
                "far is not all. Run it again; where memory is short, with fewer processes."
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _in_order(
    pool: ProcessPoolExecutor, shards: Iterable[Shard], ahead: int
) -> Iterator[ShardResult]:
    """Yield the result of each shard, in their order; so many are handed out ahead."""
    begun: deque[Future[ShardResult]] = deque()
    for shard in shards:
        begun.append(pool.submit(_Worker.run, shard))
        if len(begun) == ahead:
            yield begun.popleft().result()
    while begun:
        yield begun.popleft().result()


def _locate_one(shard: Shard, patterns: Patterns, schema: Schema) -> ShardResult:
    figures = ReadStats()
    hits = list(locate_shard(shard, patterns, schema, figures))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return ShardResult(hits, figures, peak)


class _Worker:
    """What a worker process keeps between shards."""

    patterns: Patterns
    schema: Schema

    @classmethod
    def start(cls, patterns: Patterns, schema: Schema) -> None:
        cls.patterns, cls.schema = patterns, schema
        die_with_parent()

    @classmethod
    def run(cls, shard: Shard) -> ShardResult:
        return _locate_one(shard, cls.patterns, cls.schema)

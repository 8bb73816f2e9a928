"""Verification of the whole log, as stored, from the first event to the newest checkpoint.

Every root is computed anew from the leaves in one pass, so that all checkpoints are prefixes of
one history when each has its own root. Memory stays bounded: a few hundred hashes, one page of
rows; what must be sorted or grouped, the database sorts. `missing_triggers` looks at the triggers
that keep the tables append-only.

What the log cannot show against its own operator, who could rewrite everything and sign again, a
checkpoint kept elsewhere shows: pass it as `previous`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from django.db import connection
from django.utils import timezone

from workflows.common.signed_note import NoteError, Verifier
from workflows.ledger import merkle, selectors
from workflows.ledger.append import LEAF_VERSION, format_time
from workflows.ledger.canonical import Json, NotCanonicalError, canonical_json, parse_json
from workflows.ledger.checkpoints import CheckpointError, TreeHead, open_checkpoint
from workflows.ledger.evidence import check_cosignature, check_timestamps
from workflows.ledger.keys import log_verifier
from workflows.ledger.models import Checkpoint, Cosignature, Event, InboxEntry, Tile, Timestamp
from workflows.ledger.tiles import TILE_WIDTH
from workflows.ledger.timestamping import TimestampError

APPEND_ONLY_TABLES = (
    "ledger_event",
    "ledger_leaf",
    "ledger_tile",
    "ledger_checkpoint",
    "ledger_cosignature",
    "ledger_timestamp",
)

# As in pg_trigger.tgtype: 1 row, 2 before, 8 delete, 16 update, 32 truncate.
_TRIGGERS = {
    "ledger_append_only_row": 1 | 2 | 8 | 16,
    "ledger_append_only_truncate": 2 | 32,
}
_ALWAYS = "A"
_REFUSED = """
    RAISE EXCEPTION '% on % is refused: the table is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END;
"""
_FUNCTION_BODY = f"\nBEGIN{_REFUSED}"
# Of these tables a row may be deleted nevertheless, when a later one of its day covers it.
_DELETED_IF = {
    "ledger_cosignature": """
        AND date_trunc('day', OLD.at, 'UTC') = (
            SELECT date_trunc('day', at, 'UTC') FROM ledger_cosignature
            WHERE witness = OLD.witness AND checkpoint_id > OLD.checkpoint_id
            ORDER BY checkpoint_id LIMIT 1
        )""",
    "ledger_checkpoint": """
        AND date_trunc('day', OLD.at, 'UTC') = (
            SELECT date_trunc('day', at, 'UTC') FROM ledger_checkpoint
            WHERE size > OLD.size ORDER BY size LIMIT 1
        )
        AND NOT EXISTS (SELECT FROM ledger_cosignature WHERE checkpoint_id = OLD.size)
        AND NOT EXISTS (SELECT FROM ledger_timestamp WHERE checkpoint_id = OLD.size)""",
}

# What would let rows be changed, hidden or added beside the triggers. A table that is no plain one,
# that keeps nothing over a crash, or of which the server believes that it has no triggers; children
# whose rows show in the table though its triggers do not guard them; rules; further triggers.
_BYPASSES = """
SELECT 'is not the plain table that it should be' FROM pg_class
WHERE oid = %(table)s::regclass
AND (relkind <> 'r' OR relpersistence <> 'p' OR NOT relhastriggers OR relispartition)
UNION ALL
SELECT 'inherits or is inherited from' FROM pg_inherits
WHERE %(table)s::regclass IN (inhparent, inhrelid)
UNION ALL
SELECT 'has the rule ' || rulename FROM pg_rewrite WHERE ev_class = %(table)s::regclass
UNION ALL
SELECT 'has the further trigger ' || tgname FROM pg_trigger
WHERE tgrelid = %(table)s::regclass AND NOT tgisinternal AND NOT tgname = ANY (%(known)s)
LIMIT 1
"""

_QUERY = """
SELECT tgtype, tgenabled, tgqual IS NULL AND tgattr = '', prosrc
FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
WHERE tgrelid = %s::regclass AND tgname = %s
"""

# An event without a place is not protected by any checkpoint: a standing sequencer must show.
LONGEST_WAIT = timedelta(hours=1)
_BROKEN_STEPS = """
SELECT "case", counter.last, seen.steps, seen.first, seen.last
FROM ledger_casecounter AS counter FULL JOIN (
    SELECT "case", count(DISTINCT step) AS steps, min(step) AS first, max(step) AS last
    FROM ledger_event WHERE "case" IS NOT NULL GROUP BY "case"
) AS seen USING ("case")
WHERE (counter.last, counter.last, 1) IS DISTINCT FROM (seen.last, seen.steps, seen.first)
ORDER BY "case" LIMIT 1
"""
_BROKEN_NUMBERS = """
SELECT register, counter.last, seen.numbers, seen.first, seen.last
FROM ledger_registercounter AS counter FULL JOIN (
    SELECT register, count(DISTINCT register_number) AS numbers,
           min(register_number) AS first, max(register_number) AS last
    FROM ledger_event WHERE register IS NOT NULL GROUP BY register
) AS seen USING (register)
WHERE (counter.last, counter.last, 1) IS DISTINCT FROM (seen.last, seen.numbers, seen.first)
ORDER BY register LIMIT 1
"""
_STEPS_OUT_OF_ORDER = """
SELECT "case", step FROM (
    SELECT "case", step, leaf.index,
           lag(leaf.index) OVER (PARTITION BY "case" ORDER BY step) AS before
    FROM ledger_event AS event JOIN ledger_leaf AS leaf ON leaf.event_id = event.id
    WHERE "case" IS NOT NULL
) AS placed
WHERE index < before ORDER BY "case", step LIMIT 1
"""
_BEYOND_THE_LAST_CHECKPOINT = """
SELECT 'place ' || index FROM ledger_leaf
WHERE index >= (SELECT max(size) FROM ledger_checkpoint)
UNION ALL
SELECT 'tile ' || index || ' of level ' || level FROM ledger_tile
WHERE (index + 1) * power(256::numeric, level + 1) > (SELECT max(size) FROM ledger_checkpoint)
LIMIT 1
"""


def missing_triggers() -> str | None:
    """Return a sentence about the first thing that is not as it must be, or None."""
    with connection.cursor() as cursor:
        for table in APPEND_ONLY_TABLES:
            for name, kind in _TRIGGERS.items():
                cursor.execute(_QUERY, [table, name])
                row = cursor.fetchone()
                if row is None:
                    return f"The trigger {name} is missing on {table}."
                found_kind, enabled, unconditional, body = row
                if enabled != _ALWAYS:
                    return f"The trigger {name} on {table} is not ENABLE ALWAYS."
                if found_kind != kind or not unconditional or body != _body(table, name):
                    return f"The trigger {name} on {table} does not do what it should."
            cursor.execute(_BYPASSES, {"table": table, "known": list(_TRIGGERS)})
            bypass = cursor.fetchone()
            if bypass is not None:
                return f"The table {table} {bypass[0]}."
    return None


def _body(table: str, trigger: str) -> str:
    """Return the body that the function of a trigger must have."""
    if trigger != "ledger_append_only_row" or table not in _DELETED_IF:
        return _FUNCTION_BODY
    return f"""
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '30 days'{_DELETED_IF[table]}
    THEN
        RETURN OLD;
    END IF;{_REFUSED}"""


class LogFaultError(Exception):
    """The first fault that verification found; the message names it."""


@dataclass(frozen=True)
class VerifiedLog:
    """What was verified: events, root over them, checkpoints, cosignatures, timestamps.

    `waiting` counts the events that wait for a place.
    """

    size: int
    root: bytes
    checkpoints: int
    waiting: int
    cosignatures: int
    # None when the certificates of the authority are not set: they were not checked.
    timestamps: int | None


def verify_log(*, previous: str | bytes | None = None) -> VerifiedLog:
    """Verify everything up to the newest checkpoint, and that nothing is left outside the log.

    `previous` is a signed checkpoint that somebody kept. Raises LogFaultError at the first fault.
    """
    log = log_verifier()
    newest = selectors.latest_checkpoint()
    if newest is None:
        raise LogFaultError("There is no checkpoint: the sequencer has never run.")
    kept = None if previous is None else _kept_head(previous, log, newest.size)
    walk = _Walk(log, newest.size, kept)
    walk.run()
    _check_beyond()
    _check_numbering()
    _check_waiting()
    cosignatures, timestamps = _check_evidence()
    fault = missing_triggers()
    if fault is not None:
        raise LogFaultError(fault)
    return VerifiedLog(
        size=newest.size,
        root=walk.tree.root(),
        checkpoints=walk.checkpoints,
        waiting=InboxEntry.objects.count(),
        cosignatures=cosignatures,
        timestamps=timestamps,
    )


def _kept_head(previous: str | bytes, log: Verifier, size: int) -> TreeHead:
    try:
        head = open_checkpoint(previous, log)
    except CheckpointError as error:
        raise LogFaultError(f"The kept checkpoint cannot be used. {error}") from error
    if head.size > size:
        raise LogFaultError(
            f"The log was rolled back: it has {size} events, the kept checkpoint {head.size}."
        )
    return head


class _Walk:
    """One pass over the leaves: entries, tiles, and the root at each checkpoint."""

    def __init__(self, log: Verifier, size: int, kept: TreeHead | None) -> None:
        self.tree = merkle.CompactRange()
        self.checkpoints = 0
        self._log = log
        self._size = size
        self._kept = kept
        self._heads = _heads(log, size)
        self._next_head = next(self._heads, None)
        # Per level, the hashes since the last full tile.
        self._levels: list[list[bytes]] = []

    def run(self) -> None:
        self._check_roots()
        for index, event in selectors.iter_entries(0, self._size):
            if index != self.tree.size:
                break
            _check_entry(index, event)
            self.tree.append(bytes(event.leaf_hash))
            self._add_to_tiles(0, bytes(event.leaf_hash))
            self._check_roots()
        if self.tree.size != self._size:
            raise LogFaultError(f"Place {self.tree.size} of the log has lost its event.")

    def _check_roots(self) -> None:
        size = self.tree.size
        kept, signed = self._kept, self._next_head
        if kept is not None and kept.size == size and kept.root != self.tree.root():
            raise LogFaultError(
                f"The log was rewritten: its first {size} events are not those of the kept "
                "checkpoint."
            )
        if signed is not None and signed.size == size:
            if signed.root != self.tree.root():
                raise LogFaultError(f"The checkpoint of size {size} has not the root of the log.")
            self.checkpoints += 1
            self._next_head = next(self._heads, None)

    def _add_to_tiles(self, level: int, value: bytes) -> None:
        if level == len(self._levels):
            self._levels.append([])
        hashes = self._levels[level]
        hashes.append(value)
        if len(hashes) < TILE_WIDTH:
            return
        index = (self.tree.size >> (8 * (level + 1))) - 1
        root = merkle.root(hashes)
        _check_tile(level, index, b"".join(hashes), root)
        hashes.clear()
        self._add_to_tiles(level + 1, root)


def _heads(log: Verifier, size: int) -> Iterator[TreeHead]:
    for checkpoint in selectors.iter_checkpoints():
        if checkpoint.size > size:
            return
        yield _signed_head(log, checkpoint)


def _signed_head(log: Verifier, checkpoint: Checkpoint) -> TreeHead:
    try:
        head = open_checkpoint(checkpoint.note, log)
    except CheckpointError as error:
        raise LogFaultError(f"The checkpoint of size {checkpoint.size}: {error}") from error
    if (head.size, head.root) != (checkpoint.size, bytes(checkpoint.root)):
        raise LogFaultError(f"The checkpoint of size {checkpoint.size} is not what was signed.")
    return head


def _check_entry(index: int, event: Event) -> None:
    leaf = bytes(event.leaf)
    if merkle.leaf_hash(leaf) != bytes(event.leaf_hash):
        raise LogFaultError(f"The event at place {index} has not the hash of its leaf.")
    try:
        body = cast("dict[str, Json]", parse_json(leaf))
        expected = canonical_json(
            {
                "v": LEAF_VERSION,
                "case": None if event.case is None else str(event.case),
                "step": event.step,
                "register": event.register,
                "number": event.register_number,
                "name": event.name,
                "role": event.role,
                "actor": event.actor,
                "at": format_time(event.at),
                "facts": body["facts"],
                "commitments": body["commitments"],
            }
        )
    except (NotCanonicalError, KeyError, TypeError) as error:
        raise LogFaultError(f"The leaf at place {index} is not that of an event.") from error
    if expected != leaf:
        raise LogFaultError(f"The columns of the event at place {index} differ from its leaf.")


def _check_tile(level: int, index: int, hashes: bytes, root: bytes) -> None:
    tile = Tile.objects.filter(level=level, index=index).first()
    if tile is None:
        raise LogFaultError(f"Tile {index} of level {level} is missing.")
    if (bytes(tile.hashes), bytes(tile.root)) != (hashes, root):
        raise LogFaultError(f"Tile {index} of level {level} is not that of the leaves.")


def _check_beyond() -> None:
    row = _first_row(_BEYOND_THE_LAST_CHECKPOINT)
    if row is not None:
        raise LogFaultError(f"The log holds {row[0]}, which no checkpoint covers.")


def _check_numbering() -> None:
    row = _first_row(_BROKEN_STEPS)
    if row is not None:
        case, counted, steps, first, last = row
        raise LogFaultError(
            f"The steps of case {case} are not 1 to {counted}: "
            f"{steps or 0} different ones, from {first} to {last}."
        )
    row = _first_row(_BROKEN_NUMBERS)
    if row is not None:
        register, counted, numbers, first, last = row
        raise LogFaultError(
            f"The register numbers of {register} are not 1 to {counted}: "
            f"{numbers or 0} different ones, from {first} to {last}."
        )
    row = _first_row(_STEPS_OUT_OF_ORDER)
    if row is not None:
        raise LogFaultError(f"Step {row[1]} of case {row[0]} lies before the step it follows.")


def _check_waiting() -> None:
    nowhere = InboxEntry.objects.exclude(event_id__in=Event.objects.values("pk")).first()
    if nowhere is not None:
        raise LogFaultError(f"An event that waits for its place is gone: {nowhere.event_id}.")
    lost = Event.objects.filter(place=None, inbox_entry=None).order_by("id").first()
    if lost is not None:
        raise LogFaultError(f"The event {lost.uid} is neither in the log nor waiting for a place.")
    twice = InboxEntry.objects.exclude(event__place=None).first()
    if twice is not None:
        raise LogFaultError(f"The event {twice.event.uid} has its place and waits for another.")
    late = InboxEntry.objects.filter(at__lt=timezone.now() - LONGEST_WAIT).order_by("at").first()
    if late is not None:
        raise LogFaultError(
            f"The event {late.event.uid} waits for its place since {late.at:%Y-%m-%d %H:%M} UTC."
        )


def _check_evidence() -> tuple[int, int | None]:
    """Check what others have signed; return how many cosignatures and timestamps hold."""
    cosignatures = Cosignature.objects.select_related("checkpoint").order_by("pk")
    checked = 0
    for cosignature in cosignatures.iterator():
        try:
            check_cosignature(cosignature)
        except (NoteError, Checkpoint.DoesNotExist) as error:
            raise LogFaultError(
                f"A cosignature at size {cosignature.checkpoint_id} does not hold. {error}"
            ) from error
        checked += 1
    timestamps = list(Timestamp.objects.select_related("checkpoint").order_by("pk"))
    try:
        known = check_timestamps(timestamps)
    except TimestampError as error:
        raise LogFaultError(str(error)) from error
    return checked, len(timestamps) if known else None


def _first_row(query: str) -> tuple[object, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cast("tuple[object, ...] | None", cursor.fetchone())

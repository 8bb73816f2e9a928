"""How fast the log takes events in, how soon they are signed, and how this stands as it grows.

    python tests/bench/ledger.py [--size N ...] [--clients N ...] [--seconds S] [--rounds N]

The limit is what the same server takes of plain rows of the same size, each in a transaction of its
own. `plain` writes them as the portal would, by Django's connection; `bare` is psycopg alone with a
prepared INSERT, which no program that does anything else can reach. Ours is `services.append` in a
transaction of its own while the sequencer runs. The clients act in the role of the running portal,
in a database of their own, which is dropped at the end, on a server that keeps its promises (fsync).
Clients, sequencer and server share this machine. Where others use it too, take more rounds: in each
the three take turns, and the medians are printed, of `of bare` and `of plain` those of the rounds.
"""

import argparse
import base64
import contextlib
import logging
import multiprocessing
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

import django  # noqa: E402
import psycopg  # noqa: E402

from requests_portal.local.folders import data_folder  # noqa: E402
from requests_portal.local.postgres import OWNER_ROLE, RUNTIME_ROLE, SUPERUSER, PostgresServer  # noqa: E402

DATABASE = "bench_ledger"
FACTS = {"from": "in_review", "to": "decision_proposed", "items": 3, "rule": "CN-2026-1"}
COMMITMENTS = {"reason": "ab" * 32}
BULK = 50_000
Times = list[tuple[float, int]]

PLAIN_TABLE = """
CREATE TABLE bench_plain (
    id bigserial PRIMARY KEY, "case" uuid, step int, name text, role text, actor text,
    at timestamptz, body bytea
)
"""
PLAIN_INSERT = (
    'INSERT INTO bench_plain ("case", step, name, role, actor, at, body)'
    " VALUES (%s, %s, %s, %s, %s, now(), %s)"
)
# Cases of ten steps each. The leaves need not be canonical: nobody verifies them here.
FILL = r"""
WITH leaves AS (
    SELECT number, md5(first || ':' || (number / 10))::uuid AS pseudonym, number %% 10 + 1 AS step,
           convert_to(rpad(first || ':' || number, 420, ' '), 'UTF8') AS leaf
    FROM (VALUES (%s)) AS batch (first), generate_series(0, %s) AS number
), counted AS (
    INSERT INTO ledger_casecounter ("case", last)
    SELECT pseudonym, max(step) FROM leaves GROUP BY pseudonym
), events AS (
    INSERT INTO ledger_event (uid, "case", step, name, role, actor, at, leaf, leaf_hash)
    SELECT gen_random_uuid(), pseudonym, step, 'case.viewed', 'reviewer', '', now(), leaf,
           sha256('\x00'::bytea || leaf)
    FROM leaves ORDER BY number RETURNING id
)
INSERT INTO ledger_inbox (event_id, at) SELECT id, now() FROM events ORDER BY id
"""


def act_as_the_portal() -> None:
    """Connect in the role that the running portal has."""
    from django.db import connection

    connection.settings_dict["USER"] = RUNTIME_ROLE


def plain_client(_number: int) -> Callable[[], int]:
    """Return what inserts one plain row by Django's connection and commits."""
    from django.db import connection, transaction

    case, body = uuid.uuid4(), leaf_like_ours()

    def insert() -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(PLAIN_INSERT, (case, 1, "case.advanced", "reviewer", "s-1", body))
        return 0

    return insert


def bare_client(_number: int) -> Callable[[], int]:
    """Return what inserts one plain row by psycopg alone and commits."""
    from django.db import connection

    settings = connection.get_connection_params() | {"prepare_threshold": 5}
    settings.pop("cursor_factory")
    session = psycopg.connect(**settings, autocommit=True)
    case, body = uuid.uuid4(), leaf_like_ours()

    def insert() -> int:
        session.execute(
            PLAIN_INSERT, (case, 1, "case.advanced", "reviewer", "s-1", body), binary=True
        )
        return 0

    return insert


def append_client(number: int) -> Callable[[], int]:
    """Return what appends one event, of one of ten cases in turn, and commits."""
    from django.db import transaction

    from workflows.ledger.append import append

    cases = [uuid.uuid4() for _ in range(10)]
    turn = 0

    def append_one() -> int:
        nonlocal turn
        turn += 1
        with transaction.atomic():
            event = append(
                name="case.advanced",
                role="reviewer",
                actor=f"s-{number}",
                case=cases[turn % 10],
                facts=FACTS,
                commitments=COMMITMENTS,
            )
        return event.pk

    return append_one


def leaf_like_ours() -> bytes:
    """Return a leaf as `append_client` writes it."""
    from datetime import UTC, datetime

    from workflows.ledger.append import leaf_template

    template = leaf_template(
        name="case.advanced",
        role="reviewer",
        actor="s-1",
        case=uuid.uuid4(),
        register=None,
        facts=FACTS,
        commitments=COMMITMENTS,
        moment=datetime.now(UTC),
    )
    return template.fill(step=1, number=None)


def _run_client(make: Any, number: int, start: Any, seconds: float, results: Any) -> None:
    act_as_the_portal()
    work = make(number)
    work()
    start.wait()
    deadline = time.time() + seconds
    done: Times = []
    while time.time() < deadline:
        key = work()
        done.append((time.time(), key))
    results.put(done)


def run_clients(make: Callable[[int], Callable[[], int]], count: int, seconds: float) -> Times:
    """Let `count` processes work for some seconds; return when each piece was committed, and it."""
    start, results = multiprocessing.Barrier(count), multiprocessing.Queue()
    clients = [
        multiprocessing.Process(target=_run_client, args=(make, number, start, seconds, results))
        for number in range(count)
    ]
    for client in clients:
        client.start()
    done = [each for _ in clients for each in results.get()]
    for client in clients:
        client.join()
    return done


def _run_sequencer(stop: Any, results: Any) -> None:
    from workflows.ledger import sequencer
    from workflows.ledger.sequencer import SequenceResult, sequence

    # As the portal's own runner and the containers start it. Linux shares the processors between
    # sessions first; in that of the clients the sequencer would get the share of one of them.
    os.setsid()
    act_as_the_portal()
    signed: Times = []

    def timed() -> SequenceResult:
        result = sequence()
        if result.appended:
            signed.append((time.time(), result.size))
        return result

    sequencer.sequence = timed
    sequencer.run(stop)
    results.put(signed)


@contextlib.contextmanager
def sequencer() -> Iterator[Callable[[], Times]]:
    """Run the sequencer; the function yielded ends it and returns when each size was signed."""
    stop, results = multiprocessing.Event(), multiprocessing.Queue()
    process = multiprocessing.Process(target=_run_sequencer, args=(stop, results))
    process.start()

    def end() -> Times:
        stop.set()
        signed: Times = results.get()
        process.join()
        return signed

    yield end


def delays(committed: Times, signed: Times) -> list[float]:
    """Return the seconds from the commit of each event to the commit of its checkpoint."""
    from bisect import bisect_right

    from django.db import connection

    from workflows.ledger.models import Leaf

    keys = [key for _, key in committed]
    places = dict(Leaf.objects.filter(event__gte=min(keys)).values_list("event_id", "index"))
    connection.close()
    sizes = [size for _, size in signed]
    # A checkpoint may be there before the client has heard of its own commit.
    return [
        max(0.0, signed[bisect_right(sizes, places[key])][0] - moment) for moment, key in committed
    ]


def fill(size: int) -> None:
    """Grow the log to `size` events, and let the server clean up as it would by itself."""
    from django.db import connection

    from workflows.ledger.sequencer import drain_inbox

    done = drain_inbox()
    while done < size:
        with connection.cursor() as cursor:
            cursor.execute(FILL, [done, min(BULK, size - done) - 1])
        done = drain_inbox()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()


def wait_for_sequencer() -> None:
    """Return when the inbox is empty."""
    from django.db import connection

    from workflows.ledger.selectors import backlog

    while backlog().count:
        time.sleep(0.05)
    connection.close()


def measure(size: int, clients: list[int], seconds: float, rounds: int) -> None:
    """Print one line for each number of clients, on a log of `size` events."""
    fill(size)
    for count in clients:
        rates: list[tuple[float, float, float]] = []
        late: list[float] = []
        for _ in range(rounds):
            bare = len(run_clients(bare_client, count, seconds)) / seconds
            plain = len(run_clients(plain_client, count, seconds)) / seconds
            with sequencer() as end:
                committed = run_clients(append_client, count, seconds)
                wait_for_sequencer()
                signed = end()
            rates.append((bare, plain, len(committed) / seconds))
            late += delays(committed, signed)
        bare, plain, ours = (median(column) for column in zip(*rates, strict=True))
        of_bare = median(ours / bare for bare, _, ours in rates)
        of_plain = median(ours / plain for _, plain, ours in rates)
        cuts = quantiles(late, n=100)
        print(
            f"{size:>9,} {count:>8} {bare:>8,.0f} {plain:>8,.0f} {ours:>8,.0f} {of_bare:>8.0%}"
            f" {of_plain:>9.0%} {cuts[49]:>9.3f} {cuts[98]:>7.3f}",
            flush=True,
        )


def main() -> None:
    """Make the scratch database, measure, drop it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=1)
    chosen = parser.parse_args()
    cluster = PostgresServer(data_folder() / "bench-postgres")
    cluster.ensure_running()
    administrator = cluster.url(SUPERUSER, SUPERUSER)
    drop = f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)"
    with psycopg.connect(administrator, autocommit=True) as connection:
        connection.execute(drop)
    cluster.ensure_database(DATABASE)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "requests_portal.settings",
        "DATABASE_URL": cluster.url(RUNTIME_ROLE, DATABASE),
        "DATABASE_OWNER_URL": cluster.url(OWNER_ROLE, DATABASE),
        "DATABASE_ROLE": "owner",
        "SECRET_KEY": "bench",
        "LEDGER_KEY": base64.b64encode(bytes(32)).decode(),
    }
    try:
        django.setup()
        logging.disable(logging.INFO)
        from django.core.management import call_command
        from django.db import connection as own

        call_command("migrate", verbosity=0, skip_checks=True)
        with own.cursor() as cursor:
            cursor.execute(PLAIN_TABLE)
            cursor.execute(f"GRANT INSERT ON bench_plain TO {RUNTIME_ROLE}")
            cursor.execute(f"GRANT USAGE ON bench_plain_id_seq TO {RUNTIME_ROLE}")
        print("   events  clients   bare/s  plain/s   ours/s  of bare  of plain delay p50  p99 (s)")
        for size in sorted(chosen.size):
            measure(size, chosen.clients, chosen.seconds, chosen.rounds)
        own.close()
    finally:
        with psycopg.connect(administrator, autocommit=True) as connection:
            connection.execute(drop)
        cluster.leave()


if __name__ == "__main__":
    main()

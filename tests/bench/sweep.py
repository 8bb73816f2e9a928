"""What a sweep of the clocks costs: a thousand that are due, among ten thousand and a million.

    python tests/bench/sweep.py [--rows N ...] [--due N]

Every due clock is of a case of its own, gets its event and its effect; the others are running and
not due yet. All happens on a server and in a database of its own, which are gone at the end.
"""

import argparse
import base64
import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

import django  # noqa: E402

from requests_portal.local.postgres import OWNER_ROLE, PostgresServer  # noqa: E402

DATABASE = "bench_sweep"
INDEX = "clock_to_check"

# The due ones: copies of one case that was filed, each with a key row and one clock that is late.
DUE_CASES = """
WITH model AS (SELECT * FROM cases_case ORDER BY filed_at LIMIT 1),
copies AS (SELECT gen_random_uuid() AS id, number FROM generate_series(1, %(due)s) AS number),
keys AS (
    INSERT INTO vault_datakey (id, {key_columns})
    SELECT copies.id, {key_values}
    FROM copies, vault_datakey JOIN model ON vault_datakey.id = model.data_key_id
    RETURNING id
),
filed AS (
    INSERT INTO cases_case (id, number, pseudonym, data_key_id, {case_columns})
    SELECT copies.id, %(batch)s || '-' || copies.number, gen_random_uuid(), copies.id, {case_values}
    FROM copies, model
    RETURNING id
)
INSERT INTO cases_clock (case_id, {clock_columns}, due_at, check_at)
SELECT filed.id, {clock_values}, now() - interval '1 hour', now() - interval '1 hour'
FROM filed, cases_clock
WHERE cases_clock.id = (SELECT min(id) FROM cases_clock) AND (SELECT count(*) FROM keys) > 0
"""
# The others: running, to be looked at in the course of the next month.
FILLERS = """
INSERT INTO cases_clock (case_id, kind, {clock_columns}, due_at, check_at)
SELECT case_id, 'filler ' || number, {clock_values},
       now() + interval '1 day' * (30 + number %% 30), now() + interval '1 minute' * (60 + number)
FROM cases_clock, generate_series(%(first)s, %(last)s) AS number
WHERE cases_clock.id = (SELECT min(id) FROM cases_clock)
"""


@contextlib.contextmanager
def scratch_database() -> Iterator[None]:
    """Set Django up on a server of its own, with every table, and take all away at the end."""
    folder = Path(tempfile.mkdtemp(prefix="portal-bench-"))
    cluster = PostgresServer(folder / "postgres")
    cluster.ensure_running()
    try:
        cluster.ensure_database(DATABASE)
        url = cluster.url(OWNER_ROLE, DATABASE)
        keys = ("SECRET_KEY", "VAULT_KEY", "INDEX_KEY", "LEDGER_KEY")
        os.environ.update({key: base64.b64encode(os.urandom(32)).decode() for key in keys})
        os.environ.update(
            DATABASE_URL=url,
            DATABASE_OWNER_URL=url,
            DATABASE_ROLE="owner",
            MEDIA_ROOT=str(folder / "media"),
            STATIC_ROOT=str(folder / "static"),
            PUBLIC_BASE_URL="http://localhost",
            REDIS_URL="redis://localhost:1/0",
            DJANGO_SETTINGS_MODULE="requests_portal.settings",
        )
        django.setup()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        yield
        connection.close()
    finally:
        cluster.leave()
        shutil.rmtree(folder)


def columns_of(table: str, *without: str) -> tuple[str, str]:
    """Return the columns of a table but those named, bare and with the table's name before them."""
    from django.db import connection

    with connection.cursor() as cursor:
        found = connection.introspection.get_table_description(cursor, table)
    names = [f'"{column.name}"' for column in found if column.name not in without]
    return ", ".join(names), ", ".join(f"{table}.{name}" for name in names)


def run(statement: str, **values: object) -> None:
    """Run one statement."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def add_due(batch: str, due: int) -> None:
    """Add cases whose one clock is due to be marked late."""
    key_columns, key_values = columns_of("vault_datakey", "id")
    case_columns, _ = columns_of("cases_case", "id", "number", "pseudonym", "data_key_id")
    clock_columns, clock_values = columns_of("cases_clock", "id", "case_id", "due_at", "check_at")
    statement = DUE_CASES.format(
        key_columns=key_columns,
        key_values=key_values,
        case_columns=case_columns,
        case_values=", ".join(f"model.{name}" for name in case_columns.split(", ")),
        clock_columns=clock_columns,
        clock_values=clock_values,
    )
    run(statement, batch=batch, due=due)


def fill_up(rows: int) -> None:
    """Add running clocks until there are `rows`."""
    from workflows.cases.models import Clock

    there = Clock.objects.count()
    columns, values = columns_of("cases_clock", "id", "case_id", "kind", "due_at", "check_at")
    run(FILLERS.format(clock_columns=columns, clock_values=values), first=there + 1, last=rows)


def measure(rows: int, due: int) -> None:
    """Print one line: how many clocks, how many due, how long, and by which plan."""
    from django.utils import timezone

    from workflows.cases.models import Clock
    from workflows.routing.effects import sweep_clocks

    add_due(f"B{rows}", due)
    fill_up(rows)
    run("VACUUM ANALYZE cases_clock")
    plan = Clock.objects.filter(check_at__lte=timezone.now()).order_by("check_at").explain()
    began = time.monotonic()
    taken = sweep_clocks(limit=due)
    seconds = time.monotonic() - began
    began = time.monotonic()
    left = sweep_clocks(limit=due)
    idle = time.monotonic() - began
    uses_index = INDEX in plan and "Seq Scan" not in plan
    sys.stdout.write(
        f"{Clock.objects.count():>9,} {taken:>6,} {seconds:>8.2f} {1000 * seconds / taken:>8.2f}"
        f" {1000 * idle:>8.1f}   {'index' if uses_index else 'NO INDEX'}\n"
    )
    assert (taken, left) == (due, 0)


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--due", type=int, default=1000)
    chosen = parser.parse_args()
    with scratch_database():
        from workflows.cases.filing import file_request
        from workflows.cases.filing_request import FiledItem, FilingRequest

        file_request(
            FilingRequest(
                items=(FiledItem("copy", {"statement": "Everything."}),),
                residence="DE-BE",
                language="en",
                subject_name="Erika Beispiel",
                identifiers=(),
                email="erika@example.org",
            ),
            attempt="bench",
        )
        sys.stdout.write(
            "sweep of clocks: one event and one effect each, then a sweep for nothing\n"
        )
        sys.stdout.write("   clocks    due        s   ms/due  idle ms   plan\n")
        for rows in sorted(chosen.rows):
            measure(rows, chosen.due)


if __name__ == "__main__":
    main()

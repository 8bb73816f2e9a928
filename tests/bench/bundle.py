"""How long exports take, how large they become, and how much memory they and their verifier need.

    python tests/bench/bundle.py [--events N] [--log N] [--rounds N]

Invented cases under the law of China, some three and a half events each, until there are --events
of them, in a database of its own, which is dropped at the end. For the export of one case the log
then grows to --log entries: copies of those steps under other pseudonyms and numbers, of which the
tables of the cases know nothing. Each export and each run of verify.py is a process of its own,
whose peak of resident memory is told; seconds are those of the clock, and of the processor where
"CPU" says so. The ZIP is tested by Python and by what else there is (unzip, 7z, bsdtar).

The figures of docs/performance.md: --events 100000 --log 1000000 --rounds 3, a quarter of an hour.
"""

import argparse
import base64
import contextlib
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

import django  # noqa: E402
import psycopg  # noqa: E402

from requests_portal.local.folders import data_folder  # noqa: E402
from requests_portal.local.postgres import RUNTIME_ROLE, SUPERUSER, PostgresServer  # noqa: E402

DATABASE = "bench_bundle"
REGISTER = "CN"
HEAD = (
    f"{'':<12}{'files':>6}{'KiB':>10}"
    f"{'export, s':>20}{'CPU s':>20}{'peak MB':>9}"
    f"{'verify.py, s':>20}{'CPU s':>20}{'peak MB':>9}  sound to"
)
VERIFIER = PROJECT / "workflows" / "exports" / "verifier" / "verify.py"
EXPORTS = {
    "one regime": ("--regime", "CN"),
    "… XLSX, PDF": ("--regime", "CN", "--xlsx", "--pdf", "--bom"),
    "whole log": ("--full-log",),
}
TESTERS = (("unzip", "-tqq"), ("7z", "t", "-bso0"), ("7zz", "t", "-bso0"), ("bsdtar", "-tf"))


# The steps of all cases once more, under another pseudonym and number, as often as it takes.
COPY = """
WITH of AS (SELECT max(register_number) AS requests FROM ledger_event WHERE register = %(register)s),
copies AS (
    SELECT id, copy, step, register, name, role, actor, at,
        md5("case"::text || copy)::uuid AS pseudonym, register_number + copy * requests AS number,
        replace(
            replace(
                convert_from(leaf, 'UTF8'), "case"::text, md5("case"::text || copy)::uuid::text
            ),
            '"number":' || coalesce(register_number::text, ''),
            '"number":' || coalesce((register_number + copy * requests)::text, '')
        )::text AS leaf
    FROM generate_series(1, %(copies)s) AS copy, ledger_event, of WHERE "case" IS NOT NULL
), added AS (
    INSERT INTO ledger_event (
        uid, "case", step, register, register_number, name, role, actor, at, leaf, leaf_hash
    )
    SELECT gen_random_uuid(), pseudonym, step, register, number, name, role, actor, at,
        convert_to(leaf, 'UTF8'), sha256('\\x00'::bytea || convert_to(leaf, 'UTF8'))
    FROM copies ORDER BY copy, id
    RETURNING id
)
INSERT INTO ledger_inbox (event_id, at) SELECT id, now() FROM added
"""


def fill(events: int) -> None:
    """Make cases until the log has so many events, and give them their places.

    In a process of its own: what a process takes before it starts another counts as the other's.
    """
    django.setup()
    from django.core.management import call_command

    from workflows.ledger.models import Event
    from workflows.ledger.sequencer import drain_inbox
    from workflows.samples import bulk_cases

    call_command("migrate", verbosity=0)
    bulk_cases.RESIDENCES = (REGISTER,)
    while (there := Event.objects.count()) < events:
        for _made in bulk_cases.make_bulk_cases(max(1, (events - there) // 4), seed=there):
            drain_inbox()


def lengthen(events: int) -> None:
    """Copy the steps of all cases until the log has some so many entries."""
    django.setup()
    from django.db import connection

    from workflows.ledger.models import Event
    from workflows.ledger.sequencer import drain_inbox

    copies = round(events / Event.objects.count()) - 1
    if copies > 0:
        with connection.cursor() as cursor:
            cursor.execute(COPY, {"register": REGISTER, "copies": copies})
            cursor.execute("ANALYZE")
        drain_inbox()


def in_a_process(task: Callable[[int], None], events: int) -> None:
    """Do one of the two above."""
    process = multiprocessing.get_context("spawn").Process(target=task, args=(events,))
    process.start()
    process.join()
    if process.exitcode:
        sys.exit("The cases could not be made.")


class Run(NamedTuple):
    """What a command took: seconds, seconds of the processor, peak of resident memory in MB."""

    seconds: float
    cpu: float
    peak: float


def measured(command: Sequence[str], output: Path) -> Run:
    """Run a command, whose output goes to a file."""
    with output.open("wb") as target, output.with_name("faults").open("w+") as faults:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=target, stderr=faults, cwd=PROJECT)
        _pid, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            faults.seek(0)
            sys.exit(f"{' '.join(command)}\n{output.read_text()}{faults.read()[-2000:]}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def tell(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def spread(figures: Iterable[float]) -> str:
    """Return minimum, median and maximum."""
    values = sorted(figures)
    return f"{values[0]:.1f} / {statistics.median(values):.1f} / {values[-1]:.1f}"


def test_archive(path: Path) -> str:
    """Read the whole ZIP with each program that is there; return who found it sound."""
    with zipfile.ZipFile(path) as archive:
        if archive.testzip() is not None:
            sys.exit(f"{path}: zipfile finds a fault")
    sound = ["zipfile"]
    for program, *options in TESTERS:
        if shutil.which(program):
            subprocess.run([program, *options, path], check=True, stdout=subprocess.DEVNULL)
            sound.append(program)
    return ", ".join(sound)


def measure(exports: Mapping[str, Sequence[str]], folder: Path, entries: int, rounds: int) -> None:
    """Make each export and verify it; print a line for each."""
    manage = [sys.executable, str(PROJECT / "manage.py")]
    vkey = subprocess.run([*manage, "ledger_key"], capture_output=True, text=True, check=True)
    path, output = folder / "bundle.zip", folder / "output"
    make = [*manage, "export_bundle", "--out", str(path), "--force"]
    check = [sys.executable, "-I", "-S", str(VERIFIER), str(path), "--vkey", vkey.stdout]
    tell(f"\n{entries:,} entries in the log")
    tell(HEAD)
    for name, options in exports.items():
        made, verified = [], []
        for _round in range(rounds):
            made.append(measured([*make, *options], output))
            verified.append(measured(check, output))
            if not output.read_text().startswith("OK\n"):
                sys.exit(output.read_text())
        with zipfile.ZipFile(path) as archive:
            files = len(archive.infolist())
        runs = "".join(
            f"{spread(run.seconds for run in each):>20}{spread(run.cpu for run in each):>20}"
            f"{max(run.peak for run in each):>9.0f}"
            for each in (made, verified)
        )
        size = path.stat().st_size / 1024
        tell(f"{name:<12}{files:>6}{size:>10,.0f}{runs}  {test_archive(path)}")


def main() -> None:
    """Make the scratch database, measure, drop it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--log", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=1)
    chosen = parser.parse_args()
    cluster = PostgresServer(data_folder() / "bench-postgres")
    cluster.ensure_running()
    administrator = cluster.url(SUPERUSER, SUPERUSER)
    drop = f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)"
    with contextlib.ExitStack() as stack:
        stack.callback(cluster.leave)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="portal-bench-")))
        connection = stack.enter_context(psycopg.connect(administrator, autocommit=True))
        connection.execute(drop)
        cluster.ensure_database(DATABASE)
        stack.callback(connection.execute, drop)
        names = ("VAULT_KEY", "INDEX_KEY", "LEDGER_KEY")
        keys = {name: base64.b64encode(os.urandom(32)).decode() for name in names}
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "requests_portal.settings",
            "DATABASE_URL": cluster.url(RUNTIME_ROLE, DATABASE),
            "DATABASE_OWNER_URL": cluster.url(SUPERUSER, DATABASE),
            "DATABASE_ROLE": "owner",
            "MEDIA_ROOT": str(folder),
            "TMPDIR": str(folder),
            "SECRET_KEY": "bench",
            **keys,
        }
        database = stack.enter_context(
            psycopg.connect(cluster.url(SUPERUSER, DATABASE), autocommit=True)
        )

        def one(query: str) -> Any:
            (value,) = database.execute(query).fetchone() or (None,)
            return value

        in_a_process(fill, chosen.events)
        measure(EXPORTS, folder, one("SELECT count(*) FROM ledger_leaf"), chosen.rounds)
        number = one("SELECT number FROM cases_case ORDER BY id LIMIT 1")
        of_one_case = {"one case": ("--regime", REGISTER, "--case", number)}
        in_a_process(lengthen, chosen.log)
        measure(of_one_case, folder, one("SELECT count(*) FROM ledger_leaf"), chosen.rounds)


if __name__ == "__main__":
    main()

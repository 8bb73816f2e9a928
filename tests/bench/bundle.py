"""How long exports take, how large they become, and how much memory they and their verifier need.

    python tests/bench/bundle.py [--events N]

Invented cases under the law of China, some three and a half events each, until there are N of
them, in a database of its own, which is dropped at the end. Each export and each run of verify.py
is a process of its own, whose peak of resident memory is told. The ZIP is tested by Python and by
what else there is (unzip, 7z, bsdtar).
"""

import argparse
import base64
import contextlib
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

import django  # noqa: E402
import psycopg  # noqa: E402

from requests_portal.local.folders import data_folder  # noqa: E402
from requests_portal.local.postgres import RUNTIME_ROLE, SUPERUSER, PostgresServer  # noqa: E402

DATABASE = "bench_bundle"
VERIFIER = PROJECT / "workflows" / "exports" / "verifier" / "verify.py"
EXPORTS = {
    "one regime": ("--regime", "CN"),
    "… XLSX, PDF": ("--regime", "CN", "--xlsx", "--pdf", "--bom"),
    "whole log": ("--full-log",),
}
TESTERS = (("unzip", "-tqq"), ("7z", "t", "-bso0"), ("7zz", "t", "-bso0"), ("bsdtar", "-tf"))


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
    bulk_cases.RESIDENCES = ("CN",)
    while (there := Event.objects.count()) < events:
        for _made in bulk_cases.make_bulk_cases(max(1, (events - there) // 4), seed=there):
            drain_inbox()


def measured(command: Sequence[str], output: Path) -> tuple[float, float]:
    """Run a command; return its seconds and the peak of its resident memory in MB."""
    with output.open("wb") as target, output.with_name("faults").open("w+") as faults:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=target, stderr=faults, cwd=PROJECT)
        _pid, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            faults.seek(0)
            sys.exit(f"{' '.join(command)}\n{output.read_text()}{faults.read()[-2000:]}")
    return seconds, usage.ru_maxrss / 1024


def tell(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


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


def measure(folder: Path, database: psycopg.Connection) -> None:
    """Make each export and verify it; print a line for each."""
    manage = [sys.executable, str(PROJECT / "manage.py")]
    vkey = subprocess.run([*manage, "ledger_key"], capture_output=True, text=True, check=True)
    tell("              events   files     MB   export s  peak MB   verify s  peak MB  sound to")
    for name, options in EXPORTS.items():
        path, output = folder / "bundle.zip", folder / "output"
        (events,) = database.execute("SELECT count(*) FROM ledger_leaf").fetchone() or (0,)
        export = measured(
            [*manage, "export_bundle", *options, "--out", str(path), "--force"], output
        )
        check = [sys.executable, "-I", "-S", str(VERIFIER), str(path), "--vkey", vkey.stdout]
        verification = measured(check, output)
        if not output.read_text().startswith("OK\n"):
            sys.exit(output.read_text())
        with zipfile.ZipFile(path) as archive:
            files = len(archive.infolist())
        tell(
            f"{name:<12}{events:>8}{files:>8}{path.stat().st_size / 1e6:>7.1f}"
            f"{export[0]:>11.1f}{export[1]:>9.0f}{verification[0]:>11.1f}{verification[1]:>9.0f}"
            f"  {test_archive(path)}"
        )


def main() -> None:
    """Make the scratch database, measure, drop it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=20_000)
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
        filling = multiprocessing.get_context("spawn").Process(target=fill, args=(chosen.events,))
        filling.start()
        filling.join()
        if filling.exitcode:
            sys.exit("The cases could not be made.")
        with psycopg.connect(cluster.url(SUPERUSER, DATABASE), autocommit=True) as database:
            measure(folder, database)


if __name__ == "__main__":
    main()

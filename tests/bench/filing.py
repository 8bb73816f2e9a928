"""What a filing costs in this working tree, against another one such as that of an older commit.

    mkdir /tmp/before && git archive COMMIT | tar -x -C /tmp/before
    python tests/bench/filing.py /tmp/before [--filings N] [--rounds N]

In each round the two trees file in turn, each in a process and a database of its own on one server
that keeps its promises (fsync), which belongs to this run and goes with it. Printed are minimum,
median and maximum over the rounds of what a filing takes. Where others use the machine, the portal's
own CPU says more than the time. A filing is
`cases.filing.file_request` in its own transaction, of one person with two items.
"""

import argparse
import base64
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
WARM_UP = 50
KEYS = ("VAULT_KEY", "INDEX_KEY", "SECRET_KEY")


def file_some(count: int) -> dict[str, float]:
    """File `count` requests with the tree of the working folder; return what it took."""
    import django

    django.setup()
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tests import factories as make

    for _ in range(WARM_UP):
        make.file()
    with CaptureQueriesContext(connection) as queries:
        make.file()
    begin, busy = time.perf_counter(), time.process_time()
    for _ in range(count):
        make.file()
    return {
        "filings per second": count / (time.perf_counter() - begin),
        "milliseconds of CPU per filing": (time.process_time() - busy) * 1000 / count,
        "queries per filing": len(queries),
    }


def _run(tree: Path, environment: dict[str, str], *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=tree,
        env=environment | {"PYTHONPATH": str(tree)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout


def _prepare(tree: Path, database: str, cluster: Any, media: Path) -> dict[str, str]:
    """Make a database for a tree, with its tables; return the environment of its processes."""
    from requests_portal.local.postgres import OWNER_ROLE, RUNTIME_ROLE

    cluster.ensure_database(database)
    keys = {name: base64.b64encode(secrets.token_bytes(32)).decode() for name in KEYS}
    environment = os.environ | keys
    environment |= {
        "DJANGO_SETTINGS_MODULE": "requests_portal.settings",
        "DATABASE_URL": cluster.url(RUNTIME_ROLE, database),
        "DATABASE_OWNER_URL": cluster.url(OWNER_ROLE, database),
        "MEDIA_ROOT": str(media / database),
    }
    owner = environment | {"DATABASE_ROLE": "owner"}
    _run(tree, owner, "-m", "django", "migrate", "--no-input", "--verbosity", "0")
    return environment


def main() -> None:
    """Measure this tree and the other one in turn, and print both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("before", type=Path, nargs="?")
    parser.add_argument("--filings", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.here:
        print(json.dumps(file_some(chosen.filings)))
        return
    if chosen.before is None:
        parser.error("name the other working tree")
    sys.path.insert(0, str(PROJECT))
    from requests_portal.local.postgres import PostgresServer

    with tempfile.TemporaryDirectory() as folder:
        cluster = PostgresServer(Path(folder) / "postgres")
        cluster.ensure_running()
        try:
            trees = {"before": chosen.before.resolve(), "now": PROJECT}
            ready = {n: _prepare(t, f"bench_{n}", cluster, Path(folder)) for n, t in trees.items()}
            figures: dict[str, list[dict[str, float]]] = {name: [] for name in trees}
            command = (str(Path(__file__).resolve()), "--here", "--filings", str(chosen.filings))
            for _ in range(chosen.rounds):
                for name, tree in trees.items():
                    figures[name].append(json.loads(_run(tree, ready[name], *command)))
        finally:
            cluster.leave()
    for what in figures["now"][0]:
        for name, rounds in figures.items():
            values = [each[what] for each in rounds]
            low, middle, high = min(values), median(values), max(values)
            print(f"{what}, {name}: {low:.1f} / {middle:.1f} / {high:.1f}")


if __name__ == "__main__":
    main()

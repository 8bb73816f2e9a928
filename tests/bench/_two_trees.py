"""Measures a working tree beside another one, such as that of an older commit, in turn.

    mkdir /tmp/before && git archive COMMIT | tar -x -C /tmp/before

A script of `tests/bench` calls `main` with what it measures; its own options are numbers. In each
round the trees take their turn, each in a process and a database of its own on one server that keeps
its promises (fsync), which belongs to this run and goes with it. Printed are minimum, median and
maximum over the rounds. Where others use the machine, the portal's own CPU says more than the time.
"""

import argparse
import base64
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
KEYS = ("VAULT_KEY", "INDEX_KEY", "SECRET_KEY")
Figures = dict[str, float]
LONGEST_SECONDS = 300
_TICKS = os.sysconf("SC_CLK_TCK")


def main(script: str, doc: str | None, measure: Callable[..., Figures], **defaults: int) -> None:
    """Measure this tree, and the other one if it is named, and print both.

    `measure` takes the options by name and returns figures by what they are; it runs in a process
    of its own with the environment of its tree, before Django was set up.
    """
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path, nargs="?", help="the other working tree")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    chosen = parser.parse_args()
    options = {name: getattr(chosen, name) for name in defaults}
    if chosen.here:
        print(json.dumps(measure(**options)))
        return
    sys.path.insert(0, str(PROJECT))
    command = [str(Path(script).resolve()), "--here"]
    command += [word for name, value in options.items() for word in (f"--{name}", str(value))]
    trees = {"before": chosen.before.resolve()} if chosen.before else {}
    _print(_measured({**trees, "now": PROJECT}, command, chosen.rounds))


@contextmanager
def running(*command: str, tree: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program of a working tree until the block ends; what it prints is thrown away."""
    environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen(command, cwd=tree, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """Return a port of this machine on which nobody listens now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(reached: Callable[[], bool]) -> None:
    """Look again and again, and return when `reached` does."""
    end = time.monotonic() + LONGEST_SECONDS
    while not reached():
        if time.monotonic() > end:
            raise TimeoutError("It takes too long.")
        time.sleep(0.05)


def processor_seconds(pid: int) -> float:
    """Return what a process and its children have used up to now, ended ones included."""
    parents, used = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name stands in brackets and may hold anything.
            words = path.read_text().rpartition(")")[2].split()
            one = int(path.parent.name)
            parents[one] = int(words[1])
            used[one] = sum(int(word) for word in words[11:15]) / _TICKS
    family = {pid}
    while more := {one for one, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(used.get(one, 0) for one in family)


def _measured(trees: dict[str, Path], command: list[str], rounds: int) -> dict[str, list[Figures]]:
    from requests_portal.local.postgres import PostgresServer

    figures: dict[str, list[Figures]] = {name: [] for name in trees}
    with tempfile.TemporaryDirectory() as folder:
        cluster = PostgresServer(Path(folder) / "postgres")
        cluster.ensure_running()
        try:
            ready = {n: _prepare(t, f"bench_{n}", cluster, Path(folder)) for n, t in trees.items()}
            for _ in range(rounds):
                for name, tree in trees.items():
                    figures[name].append(json.loads(_run(tree, ready[name], *command)))
        finally:
            cluster.leave()
    return figures


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
        "LOG_LEVEL": "ERROR",
    }
    owner = environment | {"DATABASE_ROLE": "owner"}
    _run(tree, owner, "-m", "django", "migrate", "--no-input", "--verbosity", "0")
    return environment


def _print(figures: dict[str, list[Figures]]) -> None:
    for what in figures["now"][0]:
        for name, rounds in figures.items():
            values = [each[what] for each in rounds]
            low, middle, high = min(values), median(values), max(values)
            print(f"{what}, {name}: {low:.1f} / {middle:.1f} / {high:.1f}")

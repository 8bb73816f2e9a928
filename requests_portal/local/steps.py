"""The steps before the portal can serve on one machine; each is left out while nothing changed."""

import hashlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from requests_portal.local.folders import PROJECT, data_folder
from requests_portal.local.messages import LOCALE

_LOCK_FILE = PROJECT / "requirements" / "local.txt"


@dataclass(frozen=True)
class Step:
    """Something to do once for its `inputs`: files, and words that name what they act upon.

    `action` returns the finished process, whose output is shown if it failed.
    """

    title: str
    stamp: str
    inputs: Callable[[], Iterable[Path | str]]
    action: Callable[[], "subprocess.CompletedProcess[str]"]

    def take(self) -> None:
        """Do it unless it was done with the same inputs; exit with the output if it fails."""
        stamp = data_folder() / "stamps" / self.stamp
        wanted = fingerprint(self.inputs())
        if stamp.exists() and stamp.read_text() == wanted:
            tell(self.title, "nothing changed")
            return
        with told(self.title):
            result = self.action()
        if result.returncode != 0:
            sys.exit(f"{result.stdout}{result.stderr}\n{self.title} failed.")
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(wanted)


class told:  # noqa: N801 - reads as a word in `with`
    """Prints the title of a step, and how long it took when it is done."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._began = time.monotonic()

    def __enter__(self) -> None:
        print(f"  {self._title:<24} … ", end="", flush=True)

    def __exit__(self, failed: object, *_: object) -> None:
        seconds = time.monotonic() - self._began
        print("failed" if failed else f"done ({seconds:.1f} s)", flush=True)


def tell(title: str, outcome: str) -> None:
    """Print the title of a step that needs no time, with its outcome."""
    print(f"  {title:<24} … {outcome}", flush=True)


def fingerprint(inputs: Iterable[Path | str]) -> str:
    """Return a hash of the names and contents of files and of words, in their order."""
    digest = hashlib.sha256(sys.version.encode())
    for item in inputs:
        digest.update(f"\0{item}\0".encode())
        if isinstance(item, Path):
            digest.update(item.read_bytes())
    return digest.hexdigest()


def manage(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run one management command and return what it did."""
    return _run("manage.py", *arguments)


def _run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _files(*folders: str, pattern: str = "*") -> list[Path]:
    return sorted(
        path for folder in folders for path in (PROJECT / folder).rglob(pattern) if path.is_file()
    )


def tables(cluster_folder: Path) -> Step:
    """Return the step that makes the tables in the bundled database, kept in `cluster_folder`."""
    version = cluster_folder / "PG_VERSION"
    return Step(
        title="Database tables",
        stamp="tables",
        inputs=lambda: [
            _LOCK_FILE,
            *_files("workflows", "requests_portal", pattern="*.py"),
            # A new data folder needs its tables again.
            f"{version.stat().st_ino} {version.stat().st_mtime_ns}",
        ],
        action=lambda: manage("migrate", "--no-input"),
    )


def tables_elsewhere() -> Step:
    """Return the step that makes the tables in a database that others look after: always done."""
    return Step(
        title="Database tables",
        stamp="tables-elsewhere",
        inputs=lambda: [str(time.time_ns())],
        action=lambda: manage("migrate", "--no-input"),
    )


MESSAGES = Step(
    title="Message catalogues",
    stamp="messages",
    inputs=lambda: [
        *sorted(LOCALE.rglob("*.po")),
        *(f"{path} {path.with_suffix('.mo').exists()}" for path in sorted(LOCALE.rglob("*.po"))),
    ],
    action=lambda: _run("-m", "requests_portal.local.messages"),
)

STATIC_FILES = Step(
    title="Static files",
    stamp="static",
    inputs=lambda: [
        _LOCK_FILE,
        PROJECT / "requests_portal" / "settings.py",
        *_files("requests_portal/static"),
        str((data_folder() / "static").exists()),
    ],
    action=lambda: manage("collectstatic", "--no-input", "--clear"),
)


def load_sample_cases(owner_url: str) -> None:
    """Load invented cases into the bundled database unless it holds cases already."""
    with psycopg.connect(owner_url) as connection:
        found = connection.execute("SELECT EXISTS (SELECT FROM cases_case)").fetchone()
    if found is not None and found[0]:
        tell("Sample cases", "the database holds cases")
        return
    with told("Sample cases"):
        result = manage("load_sample_cases")
    if result.returncode != 0:
        sys.exit(f"{result.stdout}{result.stderr}\nLoading the sample cases failed.")

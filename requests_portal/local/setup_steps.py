"""The steps before the portal can serve on one machine; each is left out while nothing changed."""

import hashlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from requests_portal.local.folders import PROJECT, data_folder
from requests_portal.local.messages import LOCALE
from requests_portal.local.parent_death_signal import with_parent_death_signal

_LOCK_FILE = PROJECT / "requirements" / "local.txt"


Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class SetupStep:
    """Something to do once for its `inputs`: files, and words that name what they act upon."""

    title: str
    stamp: str
    inputs: Callable[[], Iterable[Path | str]]
    action: Callable[[], Done]

    def take(self) -> None:
        """Do it unless it was done with the same inputs; exit with the output if it fails."""
        stamp = data_folder() / "stamps" / self.stamp
        wanted = fingerprint(self.inputs())
        if stamp.exists() and stamp.read_text() == wanted:
            tell(self.title, "nothing changed")
            return
        run_step(self.title, self.action)
        stamp.parent.mkdir(exist_ok=True)
        # The step may have made what it names among its inputs.
        stamp.write_text(fingerprint(self.inputs()))


def run_step(title: str, action: Callable[[], Done]) -> None:
    """Run `action` between its title and the time it took; exit with its output if it failed."""
    with announced(title):
        result = action()
    if result.returncode != 0:
        sys.exit(f"{result.stdout}{result.stderr}\n{title}: failed.")


@contextmanager
def announced(title: str) -> Iterator[None]:
    """Print the title of a step, and how long it took when the block ends."""
    began = time.monotonic()
    print(f"  {title:<20} … ", end="", flush=True)
    yield
    print(f"{time.monotonic() - began:.1f} s", flush=True)


def tell(title: str, outcome: str) -> None:
    """Print the title of a step that needs no time, with its outcome."""
    print(f"  {title:<20} … {outcome}", flush=True)


def fingerprint(inputs: Iterable[Path | str]) -> str:
    """Return a hash of the names and contents of files and of words, in their order."""
    digest = hashlib.sha256(sys.version.encode())
    for item in inputs:
        digest.update(f"\0{item}\0".encode())
        if isinstance(item, Path):
            digest.update(item.read_bytes())
    return digest.hexdigest()


def manage(*arguments: str) -> Done:
    """Run one management command and return what it did."""
    return _run("manage.py", *arguments)


def _run(*arguments: str) -> Done:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=with_parent_death_signal(signal.SIGTERM),
    )


def _files(*folders: str, pattern: str = "*") -> list[Path]:
    return sorted(
        path for folder in folders for path in (PROJECT / folder).rglob(pattern) if path.is_file()
    )


def migrate() -> Done:
    """Bring the tables of the database up to date."""
    return manage("migrate", "--no-input")


def tables(cluster_folder: Path) -> SetupStep:
    """Return the step that makes the tables in the bundled database, kept in `cluster_folder`."""
    version = cluster_folder / "PG_VERSION"
    return SetupStep(
        title="Database tables",
        stamp="tables",
        inputs=lambda: [
            _LOCK_FILE,
            *_files("workflows", "requests_portal", pattern="*.py"),
            # A new data folder needs its tables again.
            f"{version.stat().st_ino} {version.stat().st_mtime_ns}",
        ],
        action=migrate,
    )


MESSAGES = SetupStep(
    title="Message catalogues",
    stamp="messages",
    inputs=lambda: [
        *sorted(LOCALE.rglob("*.po")),
        *(f"{path} {path.with_suffix('.mo').exists()}" for path in sorted(LOCALE.rglob("*.po"))),
    ],
    action=lambda: _run("-m", "requests_portal.local.messages"),
)

STATIC_FILES = SetupStep(
    title="Static files",
    stamp="static",
    inputs=lambda: [
        _LOCK_FILE,
        PROJECT / "requests_portal" / "settings.py",
        *_files("requests_portal/static"),
        str((data_folder() / "static").exists()),
    ],
    action=lambda: manage("collectstatic", "--no-input"),
)


def load_samples(owner_url: str) -> None:
    """Load invented cases and datasets into the bundled database unless it holds some already."""
    with psycopg.connect(owner_url) as connection:
        cases, loaded, datasets = connection.execute(
            "SELECT EXISTS (SELECT FROM cases_case),"
            " EXISTS (SELECT FROM ledger_event WHERE name = 'samples.loaded'),"
            " EXISTS (SELECT FROM datasets_snapshot)"
        ).fetchone() or (True, False, True)
    if cases:
        tell("Sample cases", "the database holds cases")
    else:
        run_step("Sample cases", lambda: manage("load_sample_cases"))
    if datasets or (cases and not loaded):
        tell("Sample datasets", "nothing to load")
    else:
        run_step("Sample datasets", lambda: manage("load_sample_datasets"))

"""A malware scanner that knows one thing: the test file of EICAR, which every scanner knows."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.stack import eventually
from workflows.cases.clamd import ScannerUnreachable, scan

# In two pieces, so that no scanner takes this file for it.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR" + b"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
NO_CLAMD = (
    "TESTS OF THE MALWARE SCAN LEFT OUT: no clamd here (Debian: apt-get install clamav-daemon)"
)


def find_clamd() -> str | None:
    """Return the path of the scanner, or None."""
    return shutil.which("clamd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def clamd(folder: Path, *, longest_stream: str = "12M") -> Iterator[str]:
    """Run the scanner in a folder of its own, and give its address; in CI it must be there."""
    program = find_clamd()
    if program is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(NO_CLAMD)
    assert program
    signatures = folder / "signatures"
    signatures.mkdir(parents=True, exist_ok=True)
    (signatures / "test.ndb").write_text(f"Eicar-Test-Signature:0:*:{EICAR.hex()}\n")
    address = folder / "clamd.sock"
    settings = folder / "clamd.conf"
    settings.write_text(
        f"DatabaseDirectory {signatures}\nLocalSocket {address}\nForeground yes\n"
        f"StreamMaxLength {longest_stream}\nMaxThreads 2\nFixStaleSocket yes\n"
    )
    log = (folder / "clamd.log").open("ab")
    server = subprocess.Popen([program, "--config-file", settings], stdout=log, stderr=log)
    try:
        eventually(lambda: _answers(str(address)), "the malware scanner answers")
        yield str(address)
    finally:
        server.terminate()
        server.wait(timeout=30)
        log.close()


def _answers(address: str) -> bool:
    try:
        return scan(address, [b"nothing"]) == ""
    except ScannerUnreachable:
        return False

"""How long `make run` takes until the site answers: the first time, and with all in place."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def seconds_to_start(folder: Path) -> float:
    """Start the portal with its data in `folder`, end it when it serves, return the seconds."""
    environment = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}}
    began = time.monotonic()
    portal = subprocess.Popen(
        [sys.executable, "-m", "requests_portal.local.run", "--controlled", "--port=8100"],
        cwd=PROJECT,
        env=environment | {"DATA_DIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert portal.stdout is not None
    assert portal.stdin is not None
    said = []
    for line in portal.stdout:
        said.append(line)
        if "Ctrl-C ends everything" in line:
            break
    else:
        sys.exit("".join(said))
    seconds = time.monotonic() - began
    portal.stdin.close()
    portal.stdout.read()
    portal.wait()
    return seconds


def main() -> None:
    """Print both times."""
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="portal-bench-"))
        stack.callback(shutil.rmtree, folder)
        sys.stdout.write(f"start, nothing there: {seconds_to_start(folder):5.1f} s\n")
        sys.stdout.write(f"start, all in place:  {seconds_to_start(folder):5.1f} s\n")


if __name__ == "__main__":
    main()

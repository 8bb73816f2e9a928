"""Unix sockets and free ports: where a local server can be reached."""

import hashlib
import os
import socket
import tempfile
from pathlib import Path

# sun_path holds 108 bytes on Linux and 104 elsewhere, with a zero at the end.
_LONGEST_PATH = 103
_BACKLOG = 1024


def socket_folder(folder: Path, name: str) -> Path:
    """Return the folder for the socket `name`: `folder` itself, or a short one in the temp folder.

    The short one is named after the user and the path, so that everybody finds the same; it is
    refused when somebody else has made it first.
    """
    if fits(folder / name):
        return folder
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"requests-portal-{os.geteuid()}-{digest}"
    if short.is_symlink() or (short.exists() and not _is_ours(short)):
        raise PermissionError(f"{short} belongs to somebody else; set TMPDIR to another folder.")
    return short


def fits(path: Path) -> bool:
    """Say whether `path` is short enough for a unix socket."""
    return len(os.fsencode(path)) <= _LONGEST_PATH


def free_port(first: int | None = None, host: str = "127.0.0.1") -> int:
    """Return a TCP port that nobody listens on: `first` or one soon after it, else any."""
    candidates = [0] if first is None else [*range(first, min(first + 100, 65536)), 0]
    for port in candidates:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"No free port on {host}.")


def listen(first: int, host: str = "127.0.0.1") -> socket.socket:
    """Return a socket that listens on `first`, or else on one of the ports soon after it.

    From then on nobody else can have the port. Raises `OSError` when all of them are taken.
    """
    for port in range(first, min(first + 100, 65536)):
        try:
            return socket.create_server((host, port), backlog=_BACKLOG)
        except OSError:
            continue
    raise OSError(f"All ports from {first} on are taken.")


def _is_ours(path: Path) -> bool:
    details = path.stat()
    # As root the folder belongs to the user the server runs as, which only root can arrange.
    return os.geteuid() in {0, details.st_uid} and details.st_mode & 0o077 == 0

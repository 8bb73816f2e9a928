"""The project's data folder on one machine and the secrets that are made and kept in it."""

import base64
import os
import secrets
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SECRETS = ("SECRET_KEY", "VAULT_KEY", "INDEX_KEY", "LEDGER_KEY")


def data_folder() -> Path:
    """Return `$DATA_DIR`, or `.data` in the project; made with no access for others.

    Root's folder may be passed through, not listed: the database server works below it and does
    not run as root.
    """
    folder = Path(os.environ.get("DATA_DIR") or PROJECT / ".data").resolve()
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, exist_ok=True)
    return folder


def ensure_secrets(folder: Path) -> None:
    """Set each secret that the environment lacks from `folder`, made there on first use.

    A secret is base64 of 32 random bytes in a file of mode 0600. Losing VAULT_KEY loses the data.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in SECRETS:
        if name not in os.environ and f"{name}_FILE" not in os.environ:
            os.environ[name] = _kept_secret(folder / name)


def _kept_secret(path: Path) -> str:
    """Return the secret in `path`; two first starts at once agree on the same."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    if not path.exists():
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(base64.b64encode(secrets.token_bytes(32)).decode("ascii") + "\n")
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text(encoding="ascii").strip()

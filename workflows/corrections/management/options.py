"""What the commands that read a manifest have in common."""

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandParser, OutputWrapper

from workflows.corpus.commands import apply as engine
from workflows.corpus.edits.manifest_files import Manifest
from workflows.corpus.entries import ManifestError
from workflows.corrections.keys import manifest_signer


def add_key_option(parser: CommandParser) -> None:
    """Let the caller name the public keys whose signature is good enough."""
    parser.add_argument(
        "--key",
        action="append",
        metavar="VKEY",
        help="the public key that must have signed the manifest; this portal's, if not given",
    )


def open_manifest(path: Path, keys: list[str] | None, errors: OutputWrapper) -> Manifest:
    """Read a manifest whose signature holds, or a bare file of entries, and say that it is one.

    Raises ManifestError.
    """
    if path.is_dir() and not keys:
        try:
            keys = [manifest_signer().verifier.vkey]
        except ImproperlyConfigured as error:
            raise ManifestError(
                f"{error} A manifest that another key has signed needs none: name that one with "
                "--key."
            ) from error
    return engine.open_manifest(path, keys or (), errors.write)

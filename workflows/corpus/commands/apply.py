"""Writes a snapshot anew with the changes of a manifest made."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from workflows.common.signed_note import NoteError, Verifier
from workflows.corpus.commands import ENDINGS, CommandRefused, Say, main, say, warn
from workflows.corpus.edits.apply import apply_entries
from workflows.corpus.edits.manifest_files import Manifest, read_manifest, read_replacements
from workflows.corpus.entries import EditRefused, ManifestError, Replacements

DESCRIPTION = (
    f"Apply a manifest to files ({ENDINGS}). "
    "The new snapshot appears beside the old one when all of it is written; the old one is not "
    "touched. Exit code 1 if the manifest does not fit, and then nothing is left behind."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options, but for the keys."""
    parser.add_argument("manifest", type=Path, help="a manifest's folder, or a file of entries")
    parser.add_argument("snapshot", type=Path, help="a file, or a folder of files")
    parser.add_argument("--out", type=Path, required=True, help="where the new one appears")
    parser.add_argument("--replacements", type=Path, help='JSONL, {"ref": …, "text": …} a line')
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--id-field", default="id")


def open_manifest(path: Path, keys: Sequence[str], warn: Say) -> Manifest:
    """Read a manifest whose signature holds, or a bare file of entries, and say that it is one.

    `keys` are the public ones of which one must have signed. Raises ManifestError.
    """
    if not path.is_dir() and not keys:
        warn(f"{path} carries no signature.")
        return read_manifest(path)
    if not keys:
        raise ManifestError(f"Name with --key the public key that must have signed {path}.")
    try:
        verifiers = [Verifier.from_vkey(key) for key in keys]
    except NoteError as error:
        raise ManifestError(str(error)) from error
    return read_manifest(path, verifiers)


def run(options: argparse.Namespace, manifest: Manifest, say: Say) -> None:
    """Write the new snapshot and say the figures. Raises CommandRefused."""
    if options.processes < 1:
        raise CommandRefused("--processes must be 1 or more.")
    started = time.perf_counter()
    try:
        applied = apply_entries(
            manifest.entries,
            options.snapshot,
            options.out,
            Replacements(read_replacements(options.replacements), manifest.redaction),
            id_field=options.id_field,
            processes=options.processes,
        )
    except (ManifestError, EditRefused, OSError) as error:
        raise CommandRefused(str(error)) from error
    seconds = time.perf_counter() - started
    say(
        f"files={applied.files} bytes={applied.bytes} changed={applied.changed} "
        f"deleted={applied.deleted} seconds={seconds:.2f} "
        f"mb_per_s={applied.bytes / seconds / 1e6:.0f}"
    )


def command() -> int:
    """Run `corpus-apply`."""

    def with_key(parser: argparse.ArgumentParser) -> None:
        add_arguments(parser)
        parser.add_argument(
            "--key",
            action="append",
            metavar="VKEY",
            help="a public key that may have signed the manifest; a folder needs one",
        )

    def opened(options: argparse.Namespace) -> None:
        try:
            manifest = open_manifest(options.manifest, options.key or (), warn)
        except ManifestError as error:
            raise CommandRefused(str(error)) from error
        run(options, manifest, say)

    return main(DESCRIPTION, with_key, opened)


if __name__ == "__main__":
    sys.exit(command())

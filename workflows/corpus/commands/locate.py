"""Finds people in the files of a dataset, or in a table; needs no case and no database of ours."""

import argparse
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from workflows.corpus.commands import ENDINGS, CommandRefused, Say, main, say, warn
from workflows.corpus.commands.hits_file import atomic_hits_file, refuse_input
from workflows.corpus.formats.protocol import Shard
from workflows.corpus.formats.shards import DOCUMENTS, ignored_files, shards
from workflows.corpus.formats.sql_table import named_table, table_shards
from workflows.corpus.locate import ScanAborted, locate
from workflows.corpus.match.patterns import Patterns
from workflows.corpus.values import (
    FORMATS,
    PersonsError,
    ReadError,
    Schema,
    read_persons_file,
)

DESCRIPTION = (
    f"Find people in files ({ENDINGS}) or in a table of PostgreSQL. Writes one JSON object for "
    "each place found and ends with a line of figures. Exit code 1 if something cannot be read."
)
TABLE = "postgresql:"
_VARIABLE = "DATASET_DATABASE_"
# Less than elsewhere: no process should wait long for the last shard of another.
_SHARD_BYTES = 16 * 1024 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "path",
        help="a file, a folder of files, or postgresql:DATABASE/schema.table, where the "
        f"variable {_VARIABLE}… of this name holds the address of the database",
    )
    parser.add_argument(
        "--text",
        action="store_true",
        help="read the .txt files of a folder, and no others; without it they are read where "
        "there is nothing else",
    )
    parser.add_argument("--persons", type=Path, required=True, help="JSONL, one person a line")
    parser.add_argument("--out", type=Path, required=True, help="where the hits are written, JSONL")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--id-field", default="id", help='names a record; "" where no field does')
    parser.add_argument("--text-field", action="append", help="may be given several times")


def run(options: argparse.Namespace, databases: Mapping[str, str], say: Say, warn: Say) -> None:
    """Find the people and write the hits; say the figures. Raises CommandRefused.

    `databases` are the addresses of databases with tables of a dataset, by their names.
    """
    if options.processes < 1:
        raise CommandRefused("--processes must be 1 or more.")
    schema = Schema(options.id_field, tuple(options.text_field or ["text"]))
    started = time.perf_counter()
    try:
        patterns = Patterns(read_persons_file(options.persons))
        for identifier in patterns.unsearchable:
            warn(f"One {identifier.kind} of {identifier.ref} is too short to look for.")
        compiled = time.perf_counter()
        size = hits = unreadable = memory = 0
        pieces = _shards(options.path, databases, text=options.text)
        refuse_input(options.out, [options.persons, *{shard.path for shard in pieces}])
        if said := _passed_over(options.path, pieces):
            warn(said)
        with atomic_hits_file(options.out) as out:
            for result in locate(pieces, patterns, schema, processes=options.processes):
                out.writelines(f"{hit.as_json()}\n" for hit in result.hits)
                size += result.figures.bytes
                unreadable += result.figures.unreadable
                hits += len(result.hits)
                memory = max(memory, result.peak_memory)
    except (ReadError, PersonsError, OSError, ScanAborted) as error:
        raise CommandRefused(str(error)) from error
    except KeyboardInterrupt:
        raise CommandRefused("Interrupted: no hits are written.", 130) from None
    ended = time.perf_counter()
    seconds = ended - started
    say(
        f"bytes={size} seconds={seconds:.2f} gb_per_s={size / seconds / 1e9:.3f} hits={hits} "
        f"peak_rss_mb={memory / 1e6:.0f} compile_seconds={compiled - started:.2f} "
        f"processes={options.processes} unreadable_lines={unreadable} "
        f"pass_gb_per_s={size / (ended - compiled) / 1e9:.3f}"
    )


def _shards(path: str, databases: Mapping[str, str], *, text: bool) -> list[Shard]:
    if path.startswith(TABLE):
        return table_shards(*named_table(path.removeprefix(TABLE), databases))
    formats = DOCUMENTS if text else None
    return shards(Path(path), shard_bytes=_SHARD_BYTES, formats=formats)


def _passed_over(path: str, pieces: list[Shard]) -> str:
    if path.startswith(TABLE):
        return ""
    return ignored_files(Path(path), documents=FORMATS[pieces[0].format].holds_documents)


def command() -> int:
    """Run `corpus-locate`."""
    databases = {
        name.removeprefix(_VARIABLE).lower(): address
        for name, address in os.environ.items()
        if name.startswith(_VARIABLE)
    }
    return main(DESCRIPTION, add_arguments, lambda options: run(options, databases, say, warn))


if __name__ == "__main__":
    sys.exit(command())

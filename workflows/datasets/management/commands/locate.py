"""`manage.py locate`: finds people in the files of a dataset; needs no case and no database."""

import os
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from workflows.corpus.formats.shards import Shard, ignored_files, shards
from workflows.corpus.formats.sql_table import table_shards
from workflows.corpus.locate import ScanAborted, locate
from workflows.corpus.match.patterns import Patterns
from workflows.corpus.values import (
    RECORD_FORMATS,
    Format,
    PersonsError,
    ReadError,
    Schema,
    read_persons_file,
)
from workflows.datasets.management.hits_file import atomic_hits_file, refuse_input
from workflows.datasets.sources import table_of

TABLE = "postgresql:"
# Less than elsewhere: no process should wait long for the last shard of another.
_SHARD_BYTES = 16 * 1024 * 1024


class Command(BaseCommand):
    help = (
        "Find people in JSONL (.jsonl, .jsonl.gz, .jsonl.zst), Parquet and plain text (.txt), "
        "or in a table of PostgreSQL. Writes one JSON object for each place found and ends with a "
        "line of figures. Exit code 1 if something cannot be read."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "path",
            help="a file, a folder of files, or postgresql:DATABASE/schema.table, where the "
            "variable DATASET_DATABASE_… of this name holds the address of the database",
        )
        parser.add_argument(
            "--text",
            action="store_true",
            help="read the .txt files of a folder, and no others; without it they are read where "
            "there is nothing else",
        )
        parser.add_argument("--persons", type=Path, required=True, help="JSONL, one person a line")
        parser.add_argument(
            "--out", type=Path, required=True, help="where the hits are written, JSONL"
        )
        parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
        parser.add_argument(
            "--id-field", default="id", help='names a record; "" where no field does'
        )
        parser.add_argument("--text-field", action="append", help="may be given several times")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["processes"] < 1:
            raise CommandError("--processes must be 1 or more.")
        schema = Schema(options["id_field"], tuple(options["text_field"] or ["text"]))
        started = time.perf_counter()
        try:
            patterns = Patterns(read_persons_file(options["persons"]))
            for identifier in patterns.unsearchable:
                self.stderr.write(
                    f"One {identifier.kind} of {identifier.ref} is too short to look for."
                )
            compiled = time.perf_counter()
            size = hits = unreadable = memory = 0
            pieces = _shards(options["path"], text=options["text"])
            refuse_input(options["out"], [options["persons"], *{shard.path for shard in pieces}])
            self._say_what_is_passed_over(options["path"], pieces)
            with atomic_hits_file(options["out"]) as out:
                for result in locate(pieces, patterns, schema, processes=options["processes"]):
                    out.writelines(f"{hit.as_json()}\n" for hit in result.hits)
                    size += result.figures.bytes
                    unreadable += result.figures.unreadable
                    hits += len(result.hits)
                    memory = max(memory, result.peak_memory)
        except (ReadError, PersonsError, OSError, ScanAborted) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted: no hits are written.", returncode=130) from None
        ended = time.perf_counter()
        seconds = ended - started
        self.stdout.write(
            f"bytes={size} seconds={seconds:.2f} gb_per_s={size / seconds / 1e9:.3f} hits={hits} "
            f"peak_rss_mb={memory / 1e6:.0f} compile_seconds={compiled - started:.2f} "
            f"processes={options['processes']} unreadable_lines={unreadable} "
            f"pass_gb_per_s={size / (ended - compiled) / 1e9:.3f}"
        )

    def _say_what_is_passed_over(self, path: str, pieces: list[Shard]) -> None:
        if path.startswith(TABLE):
            return
        text = pieces[0].format is Format.TEXT
        if said := ignored_files(Path(path), {Format.TEXT} if text else RECORD_FORMATS):
            self.stderr.write(said)


def _shards(path: str, *, text: bool) -> list[Shard]:
    if path.startswith(TABLE):
        return table_shards(*table_of(path.removeprefix(TABLE)))
    return shards(Path(path), shard_bytes=_SHARD_BYTES, formats={Format.TEXT} if text else None)

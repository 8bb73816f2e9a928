"""The look-up as a step of `datatrove`, for corpora that lie on a cluster.

Only those who run it on a cluster need the package `datatrove`; the portal itself does not. The
step takes files from `DataFolder.get_shard` and none of datatrove's readers, which parse every
record. Needs no Django: a node needs this package, `datatrove` and the persons.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from datatrove.io import DataFolder, DataFolderLike, get_datafolder
from datatrove.pipeline.base import PipelineStep

from workflows.corpus.formats.registry import record_format_of
from workflows.corpus.formats.shards import file_shards
from workflows.corpus.locate import locate_shard
from workflows.corpus.match.patterns import Patterns
from workflows.corpus.values import ReadStats, Schema, read_persons_file


class LocatePersons(PipelineStep):  # type: ignore[misc]  # datatrove has no types
    """Finds people in the files of a folder; each task writes its hits as one JSONL file.

    `persons` is a file that each task can read, as `manage.py locate --persons` takes it. It and
    the hits are personal data: keep both where the corpus is kept, and delete them afterwards.
    """

    type = "🔎 - LOOK-UP"
    name = "👤 People"

    def __init__(
        self,
        data: DataFolderLike,
        persons: str,
        hits: DataFolderLike,
        *,
        id_field: str = "id",
        text_fields: tuple[str, ...] = ("text",),
    ) -> None:
        super().__init__()
        self.data = get_datafolder(data)
        self.persons = persons
        self.hits = get_datafolder(hits)
        self.schema = Schema(id_field, text_fields)

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Any:
        """Look into every `world_size`-th file from the one of this rank on.

        Raises ReadError, which names the file; datatrove then runs this task again.
        """
        names = self.data.get_shard(rank, world_size, recursive=True) or []
        files = [name for name in names if record_format_of(name)]
        patterns = Patterns(read_persons_file(Path(self.persons)))
        with (
            self.track_time(),
            self.hits.open(
                f"{rank:05d}.jsonl", "wt", encoding="utf-8", errors="backslashreplace"
            ) as out,
        ):
            for name in files:
                figures = ReadStats()
                with _on_this_machine(self.data, name) as path:
                    for shard in file_shards(path, name):
                        for hit in locate_shard(shard, patterns, self.schema, figures):
                            out.write(f"{hit.as_json()}\n")
                            self.stat_update("hits", f"hits_{hit.kind}")
                self.stat_update("bytes", value=figures.bytes, unit="file")
        return data


@contextmanager
def _on_this_machine(folder: DataFolder, name: str) -> Iterator[Path]:
    """Give the path of a file; one of a remote folder is copied here for as long as it is read."""
    if folder.is_local():
        yield Path(folder.resolve_paths(name))
        return
    with tempfile.TemporaryDirectory(prefix="look-up-") as here:
        path = Path(here) / Path(name).name
        with folder.open(name, "rb") as source, path.open("wb") as target:
            shutil.copyfileobj(source, target)
        yield path

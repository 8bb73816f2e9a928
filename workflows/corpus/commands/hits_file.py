"""The file of hits: it appears when it is whole, and never in the place of what is read."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from workflows.corpus.commands import CommandRefused


def refuse_input(out: Path, inputs: Iterable[Path]) -> None:
    """Raise CommandRefused if hits would be written over one of the files that are read."""
    if out.exists() and any(path.exists() and out.samefile(path) for path in inputs):
        raise CommandRefused(f"{out} is one of the files that are read. Write the hits elsewhere.")


@contextmanager
def atomic_hits_file(out: Path) -> Iterator[TextIO]:
    """Give a file to write hits into; when the block ends well, it becomes `out`.

    If it does not, nothing is left of it, and what `out` was before stays. A device or a pipe is
    written to at once. A lone surrogate is written as JSON escapes it.
    """
    if out.exists() and (not out.is_file() or out.is_relative_to("/dev")):
        with out.open("w", encoding="utf-8", errors="backslashreplace") as file:
            yield file
        return
    target = out.resolve()
    if not target.parent.is_dir():
        raise CommandRefused(f"{out} cannot be written: {target.parent} is no folder.")
    partial = target.with_name(f".{target.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", errors="backslashreplace") as file:
            yield file
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise

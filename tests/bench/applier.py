"""How fast the applier writes a snapshot anew, in each format: MB of the old files a second.

BENCH_MB sets the size of the plain JSONL (default 400); the persons in it are redacted wherever they
were planted, every tenth record of theirs is deleted.
"""

import gzip
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

import zstandard

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from workflows.corpus.edits.apply import Applied, apply_entries
from workflows.corpus.edits.resolve import resolve
from workflows.corpus.entries import EntryOrigin, ManifestEntry, Op, Replacements, RequestedChange
from workflows.samples.corpora import generator

SIZE = int(os.environ.get("BENCH_MB", "400")) * 1_000_000
WORDING = Replacements({})


def main() -> None:
    """Print a line for each format."""
    folder = Path(tempfile.mkdtemp(prefix="portal-bench-"))
    # Each step has a process of its own, so that the peak is that of the applier and of nobody
    # else. They are spawned by a small one: a process begins with the peak of its parent.
    with get_context("spawn").Pool(1, maxtasksperchild=1) as alone:
        try:
            alone.apply(_generate, (folder / "corpus",))
            plain = folder / "corpus" / "corpus.jsonl"
            for name in ("jsonl", "jsonl.gz", "jsonl.zst", "parquet"):
                source = folder / "corpus" / f"corpus.{name}"
                if not source.exists():
                    alone.apply(_pack, (plain, source))
                entries, resolved = alone.apply(_resolve, (source,))
                target = folder / f"new.{name}"
                applied, seconds, peak = alone.apply(_apply, (entries, source, target))
                _report(name, len(entries), applied, peak, resolve=resolved, apply=seconds)
        finally:
            shutil.rmtree(folder)


def _generate(corpus: Path) -> None:
    corpus.mkdir()
    generator.write(corpus, persons=200, size=SIZE, seed=7)


def _pack(plain: Path, target: Path) -> None:
    content = plain.read_bytes()
    gz = target.suffix == ".gz"
    target.write_bytes(gzip.compress(content, 6) if gz else zstandard.compress(content, 3))


def _resolve(source: Path) -> tuple[list[ManifestEntry], float]:
    """Return the entries for what was planted in a corpus, and the seconds that it took."""
    truth = (source.parent / "truth.jsonl").read_text("utf-8").splitlines()
    places = [place for place in map(json.loads, truth) if "ref" in place]
    changes = [
        RequestedChange(
            Op.DELETE if number % 10 == 0 else Op.REDACT,
            source.name,
            place["id"],
            "text",
            place["start"],
            place["end"],
        )
        for number, place in enumerate(places)
    ]
    began = time.perf_counter()
    entries = list(resolve(changes, source, EntryOrigin(), WORDING))
    return entries, time.perf_counter() - began


def _apply(entries: list[ManifestEntry], source: Path, target: Path) -> tuple[Applied, float, int]:
    """Apply; return what was done, the seconds, and the peak of this process in bytes."""
    began = time.perf_counter()
    applied = apply_entries(entries, source, target, WORDING)
    seconds = time.perf_counter() - began
    target.unlink()
    return applied, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _report(
    name: str, entries: int, applied: Applied, peak: int, *, resolve: float, apply: float
) -> None:
    sys.stdout.write(
        f"{name:10} {applied.bytes / 1e6:6.0f} MB  {entries} entries, {applied.changed} changed, "
        f"{applied.deleted} deleted  resolve {resolve:5.1f} s  apply {apply:5.1f} s  "
        f"{applied.bytes / apply / 1e6:5.0f} MB/s of file, {SIZE / apply / 1e6:5.0f} MB/s of JSONL  "
        f"applier's peak {peak / 1e6:.0f} MB\n"
    )


if __name__ == "__main__":
    main()

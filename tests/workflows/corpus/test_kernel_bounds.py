"""The kernel touches no byte that is not its own, and takes time in proportion to a text, on any bytes."""

import os
import random
import shutil
import struct
import subprocess
import time
from pathlib import Path

import pytest

from workflows.corpus.normalize import markup
from workflows.corpus.normalize.kernel import native
from workflows.corpus.normalize.stream import fold_bytes

pytestmark = pytest.mark.skipif(
    shutil.which("cc") is None or native.build() is None or native.load() is None,
    reason="no C compiler, or another processor than x86-64 with AVX2",
)

# What begins markup, and what may stand in it or end it.
PIECES = tuple(
    piece.encode("latin-1")
    for piece in (
        *("<", "</", "<\\/", "<!", "<!--", "<p", "<a ", ">", "-->", "--", "at>", "dot>"),
        *("\\", "\\\\", "\\u003c", "\\u003E", "\\u0026", "\\u00", "u4e00", "u{41}", "u{", "x41"),
        *("[", "[/", "[b", "[url=", "]", "&", "&amp;", "amp;", "&#", "&#x", "1234567", "lt;"),
        *("nbsp", "shy", "%", "%25", "%2525e7", "%u4e00", "a**b", "**", "ps:", '"', "\n", "\0"),
        *("\xff", "\xe7\x8e\x8b", "\xc3", "a" * 60),
    )
)
MEGABYTE = 1 << 20
# CPU seconds for a megabyte of the worst: ten times what it takes; were each mark to read to the
# end, it would be hours.
MOST_SECONDS = 3


def wall(*pieces: bytes) -> bytes:
    row = b"".join(pieces)
    return (row * (MEGABYTE // len(row) + 1))[:MEGABYTE]


WALLS = {
    **{repr(piece): wall(piece) for piece in PIECES},
    "comment that does not end": wall(b"<!-- "),
    "tags that do not end": wall(b"<a"),
    "escaped tags that do not end": wall(b"\\u003ca \\\\u0041"),
    "one percent": b"%" + wall(b"25"),
    "one entity": b"&" + wall(b"amp;"),
    "rows of entities": wall(b"&", b"amp;" * 100, b"\n"),
    "forum tags that do not end": wall(b"[url=", b"a" * 99),
}


def test_it_touches_no_byte_outside_of_a_text(tmp_path):
    program = tmp_path / "kernel"
    subprocess.run(
        [
            *(os.environ.get("CC", "cc"), "-g", "-O1", "-fsanitize=address,undefined"),
            *("-fno-sanitize-recover=undefined", "-o", str(program)),
            str(Path(__file__).with_name("kernel_on_exact_buffers.c")),
            *(str(file) for file in native.sources() if file.suffix == ".c"),
        ],
        check=True,
    )
    chance = random.Random(17)
    texts = [b"", *(text[:4096] for text in WALLS.values())]
    for _text in range(20_000):
        text = b"".join(
            chance.choice(PIECES) if chance.random() < 0.9 else chance.randbytes(3)
            for _piece in range(chance.randrange(14))
        )
        texts.append(text[: len(text) - chance.randrange(4)])
    cases = b"".join(
        struct.pack("=qq", len(text), escaped) + text for text in texts for escaped in (0, 1)
    )
    answer = subprocess.run([str(program)], input=cases, capture_output=True, check=False)
    assert (answer.returncode, answer.stderr.decode()) == (0, "")


@pytest.mark.parametrize("escaped", [False, True])
@pytest.mark.parametrize("name", WALLS)
def test_it_takes_time_in_proportion_to_a_text(name, escaped):
    folded = fold_bytes(bytearray(WALLS[name]), escaped=escaped)
    began = time.process_time()
    markup.pieces(folded, bytearray(folded.folded), escaped=escaped)
    assert time.process_time() - began < MOST_SECONDS

"""Paragraphs of text that people wrote: what Debian packages ship, in English and in Chinese.

An invented corpus has no words that look like numbers, no names of functions, no tags. The packages
are fetched by `apt-get download` into a folder that is kept, and unpacked beside the system; nothing
is installed and nothing of the text stands in this repository. One of the packages brings the only
program that can read its text, and that is run: so nobody else may write into the folder.
"""

import gzip
import html
import os
import re
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Manual pages, documentation of Perl, handbooks, help, a dictionary, the King James Bible, fortunes.
PACKAGES = (
    *("manpages", "manpages-dev", "manpages-zh", "perl-doc"),
    *("debian-handbook", "debian-reference-en", "debian-reference-zh-cn"),
    *("gimp-help-en", "gimp-help-zh-cn", "dict-gcide", "bible-kjv", "bible-kjv-text"),
    *("fortunes-min", "fortunes", "fortunes-zh"),
)
# Folders of other languages than these two are passed over.
_OTHER_LANGUAGES = re.compile(r"/html/(?!en-US/|zh-CN/|zh-TW/)[a-z]{2}-[A-Z]{2}/")
_SHORTEST, _LONGEST = 40, 4000
# Of a package, about so many paragraphs: else two thirds of all were the dictionary.
_MOST = 20_000
# Of HTML every third page keeps its tags, as crawled text does here and there.
_WITH_TAGS = 3
_HAN = re.compile(r"[\u3400-\u9fff]")


class TextUnavailable(Exception):
    """No package can be had here; the message says why."""


@dataclass(frozen=True)
class RealText:
    """Paragraphs, each with its line end, and the packages that could not be had."""

    chinese: list[str]
    english: list[str]
    missing: tuple[str, ...]


def read(cache: Path) -> RealText:
    """Return the paragraphs of all packages, fetched into `cache` unless they are there.

    Raises TextUnavailable where none can be, or where another user may write into the folder.
    """
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = cache.stat()
    if folder.st_uid != os.getuid() or folder.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise TextUnavailable(f"Others than this user may write into {cache}.")
    missing = tuple(name for name in PACKAGES if not _fetch(name, cache))
    if len(missing) == len(PACKAGES):
        raise TextUnavailable("No Debian package can be downloaded here (apt-get download).")
    chinese: dict[str, None] = {}  # in order, each once
    english: dict[str, None] = {}
    with tempfile.TemporaryDirectory() as unpacked:
        for package in sorted(cache.glob("*.deb")):
            root = Path(unpacked) / package.name.partition("_")[0]
            subprocess.run(["dpkg-deb", "-x", str(package), str(root)], check=True)
        for root in sorted(Path(unpacked).iterdir()):
            paragraphs = [*_paragraphs(root), *_bible(root)]
            for paragraph in paragraphs[:: len(paragraphs) // _MOST + 1]:
                is_chinese = len(_HAN.findall(paragraph)) * 5 > len(paragraph)
                (chinese if is_chinese else english)[paragraph] = None
    return RealText(list(chinese), list(english), missing)


def _fetch(package: str, cache: Path) -> bool:
    """Tell whether a package lies in the cache now."""
    if not any(cache.glob(f"{package}_*.deb")):
        try:
            subprocess.run(
                ["apt-get", "download", "--quiet", package],
                cwd=cache,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError:
            return False
    return any(cache.glob(f"{package}_*.deb"))


def _paragraphs(root: Path) -> Iterator[str]:
    for number, file in enumerate(sorted(path for path in root.rglob("*") if path.is_file())):
        for text in _pieces(file, number):
            paragraph = text.strip()
            if _SHORTEST <= len(paragraph) <= _LONGEST:
                yield f"{paragraph}\n"


def _pieces(file: Path, number: int) -> list[str]:
    """Return the paragraphs of a file by its kind; of one that is no text, none."""
    name = file.as_posix()
    if file.suffix == ".html" and not _OTHER_LANGUAGES.search(name):
        return _of_html(_decoded(file.read_bytes()), tags=number % _WITH_TAGS == 0)
    if "/man/" in name and file.suffix == ".gz":
        return _of_manual(_decoded(gzip.decompress(file.read_bytes())))
    if file.suffix == ".dz":
        return re.split(r"\n\s*\n", _decoded(gzip.decompress(file.read_bytes())))
    if file.suffix == ".pod":
        return re.split(r"\n\s*\n", _decoded(file.read_bytes()))
    if "/games/fortunes/" in name and not file.suffix:
        return re.split(r"\n%\n", _decoded(file.read_bytes()))
    return []


def _decoded(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


_NO_TEXT = re.compile(r"<(script|style|head)\b.*?</\1>", re.DOTALL | re.IGNORECASE)
_BLOCK = re.compile(
    r"</?(?:p|div|td|th|tr|li|ul|ol|dd|dt|dl|h[1-6]|table|pre|body|html|section)\b[^>]*>",
    re.IGNORECASE,
)


def _of_html(page: str, *, tags: bool) -> list[str]:
    """Return the text between tags of blocks; with `tags`, as it stands there."""
    blocks = _BLOCK.split(_NO_TEXT.sub("", page))
    if tags:
        return [re.sub(r"\s+", " ", block) for block in blocks]
    return [re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", "", b))) for b in blocks]


def _of_manual(page: str) -> list[str]:
    """Return the paragraphs of a manual page without most of the marks of troff."""
    lines = [re.sub(r"\\f.|\\&|\\,|\\/", "", line) for line in page.splitlines()]
    text = "\n".join("" if line.startswith((".", "'")) else line for line in lines)
    return re.split(r"\n\s*\n", text.replace("\\-", "-"))


def _bible(root: Path) -> Iterator[str]:
    """Yield the verses of the package of the Bible, which only the program of another unpacks."""
    data = root / "usr/lib/bible.data"
    program = root.with_name("bible-kjv") / "usr/bin/bible"
    if not (program.exists() and data.exists()):
        return
    answer = subprocess.run(
        [str(program), "-p", str(data.parent), "gen1:1-rev22:21"],
        capture_output=True,
        text=True,
        check=False,
    )
    yield from (f"{verse}\n" for verse in answer.stdout.splitlines() if len(verse) >= _SHORTEST)

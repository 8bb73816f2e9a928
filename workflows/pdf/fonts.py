"""The font of our documents: which file it is, and which characters it can show."""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

from django.conf import settings
from fontTools.ttLib import TTFont, TTLibError


class FontNotFound(Exception):
    """There is no font at the configured path, or it cannot be read."""


@dataclass(frozen=True, slots=True)
class Font:
    """A font: its file, its family, and the code points for which it has a picture."""

    path: Path
    family: str
    code_points: frozenset[int]

    def printable(self, text: str) -> str:
        """Return a text in which each character without a picture stands as `[U+1F600]`.

        So nothing comes out as an empty box, and nothing is left out without a trace.
        """
        return "".join(
            symbol
            if symbol == "\n" or ord(symbol) in self.code_points
            else f"[U+{ord(symbol):04X}]"
            for symbol in text.replace("\t", " ")
        )


def font_file() -> Path:
    """Return the configured font file, or the one that comes in a package.

    That package is not imported: it wants matplotlib.
    """
    if settings.NOTICE_FONT_PATH:
        return Path(settings.NOTICE_FONT_PATH)
    return Path(str(distribution("zhplot").locate_file("zhplot/fonts/NotoSansSC-Regular.ttf")))


def font() -> Font:
    """Return the font of our documents. Raises `FontNotFound`."""
    return _read(font_file())


@cache
def _read(path: Path) -> Font:
    try:
        with TTFont(path, lazy=True, fontNumber=0) as read:
            return Font(path, str(read["name"].getBestFamilyName()), frozenset(read.getBestCmap()))
    except (OSError, TTLibError) as error:
        raise FontNotFound(f"{path} is not a font that can be read.") from error

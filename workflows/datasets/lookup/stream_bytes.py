"""How text stands in a stream: as UTF-8, of which some bytes are written as others.

The bytes that begin a character which may fold need a closer look. Here they come after all others,
so that they are found by one comparison.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

# What may stand in a number that is partly written with letters which look like 0 and 1.
LOOKALIKES = b"0123456789oil "
# How many digits such a number has, how many digits and letters, and within how many bytes.
LEAST_DIGITS = 4
LEAST_SIGNS = 8
REACH_OF_NUMBER = 24

# Bytes of a source of which it is known how many bytes of the stream lie before them.
STRIDE = 32

Bytes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.intp]
CodePoints = npt.NDArray[np.uint32]

# E4 to EE begin Han and Hangul, which do not fold: most of a Chinese text is passed over.
_HAN_LEADS = range(0xE4, 0xEF)
_FOLDING_LEADS = (*range(0xC2, 0xE4), *range(0xEF, 0xF5))
FIRST_SPECIAL = 0xC0 + len(_HAN_LEADS)
LEADS = bytes([*_HAN_LEADS, *_FOLDING_LEADS])
_CODES = bytes(range(0xC0, 0xC0 + len(LEADS)))
# What each byte of UTF-8 is in a stream.
ENCODED = bytes.maketrans(LEADS, _CODES)
_DECODE = bytes.maketrans(_CODES, LEADS)


# The first bits of a byte: those of one that begins a character, and of one that goes on with it.
_FIRST_BITS, _BEGINS, _GOES_ON = 0xC0, 0xC0, 0x80
# So many bytes may go on with a character.
MOST_GOING_ON = 3


def goes_on(byte: int) -> bool:
    """Tell whether a byte of UTF-8 can only go on with a character."""
    return byte & _FIRST_BITS == _GOES_ON


def boundary(text: bytes | memoryview, position: int) -> int:
    """Return a position at which text can be cut without cutting a character: this or one before.

    Either part is decoded as in the whole, broken text too.
    """
    if position < len(text):
        for begin in range(position, max(-1, position - MOST_GOING_ON - 1), -1):
            if not goes_on(text[begin]):
                return begin if text[begin] & _FIRST_BITS == _BEGINS else position
    return position


def encode(utf8: bytes) -> bytes:
    """Return UTF-8 as it stands in a stream."""
    return utf8.translate(ENCODED)


def decode(stream: bytes) -> bytes:
    """Return the UTF-8 of bytes of a stream."""
    return stream.translate(_DECODE)


class Stream(NamedTuple):
    """The bytes of a stream. `kept` has a bit for each byte of its source, filled up to a stride.

    `before` says for each stride of the source how many bytes of the stream come before it.
    """

    content: bytes
    kept: Bytes
    before: Positions

"""Names of events: random, and rising with the time at which they were made. No Django."""

import time
from secrets import token_bytes
from uuid import UUID

_RANDOM_BYTES = 10
_RANDOM_BITS = 0x0FFF_3FFF_FFFF_FFFF_FFFF
_VERSION_AND_VARIANT = 0x7000_8000_0000_0000_0000


def new_uid() -> UUID:
    """Return a UUID of version 7 (RFC 9562, section 5.7): milliseconds, then 74 random bits.

    Names made one after the other lie side by side in the index. Random ones would make the server
    touch, and write down, another page of it for each event.
    """
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(token_bytes(_RANDOM_BYTES))
    return UUID(int=milliseconds << 80 | random & _RANDOM_BITS | _VERSION_AND_VARIANT)

"""A set of places in the log, one bit each: those of a million entries take 125 kB."""

from collections.abc import Iterator


class LeafIndexBitmap:
    """Places below the `size` of a log; iterates them rising, each once."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._bits = bytearray((size + 7) // 8)

    def add(self, place: int) -> None:
        """Add one place. Raises IndexError beyond the log."""
        if not 0 <= place < self.size:
            raise IndexError(f"There is no place {place} in a log of {self.size} entries.")
        self._bits[place >> 3] |= 1 << (place & 7)

    def __iter__(self) -> Iterator[int]:
        for number, byte in enumerate(self._bits):
            if byte:
                yield from (number * 8 + bit for bit in range(8) if byte >> bit & 1)

    def __len__(self) -> int:
        return sum(byte.bit_count() for byte in self._bits)

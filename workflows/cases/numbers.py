"""Case numbers and receipts: what a person writes down, and how it is typed back."""

import hmac
import re
import secrets
import unicodedata
from datetime import datetime

from workflows.vault.blind_index import IndexKey, current_key, keyed_hash, keyed_hashes

# Crockford's base 32: no I, L, O or U, so that nothing is misread.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NUMBER_SYMBOLS = 8  # 40 bits: a number cannot be guessed from another's
RECEIPT_SYMBOLS = 28  # 140 bits
NUMBER_PATTERN = rf"^[0-9]{{4}}-[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}$"
RECEIPT_PATTERN = rf"^[{ALPHABET}]{{4}}(-[{ALPHABET}]{{4}}){{{RECEIPT_SYMBOLS // 4 - 1}}}$"
_MISREAD = str.maketrans("ILO", "110")


def new_case_number(now: datetime) -> str:
    """Return a case number like `2026-7K3Q-9XWB`: the year and 40 random bits."""
    symbols = "".join(secrets.choice(ALPHABET) for _ in range(NUMBER_SYMBOLS))
    return f"{now.year}-{symbols[:4]}-{symbols[4:]}"


def derive_receipt(attempt: bytes, key: IndexKey | None = None) -> str:
    """Return the receipt for one attempt to file: 140 bits in seven groups of four.

    Derived by HMAC under the server's index key, so that the same attempt, repeated after a lost
    connection, is given the same receipt although the receipt is stored nowhere. `key` is the one
    under which the attempt was made, where it is not the current one.
    """
    key = key or current_key()
    number = int.from_bytes(key.keyed_hash("receipt.derive", attempt))
    symbols = "".join(ALPHABET[(number >> (5 * place)) & 31] for place in range(RECEIPT_SYMBOLS))
    return "-".join(symbols[start : start + 4] for start in range(0, RECEIPT_SYMBOLS, 4))


def _symbols(text: str) -> str:
    """Return what counts of a typed text; a Chinese keyboard may have written it in full width."""
    narrow = unicodedata.normalize("NFKC", text)
    return re.sub(r"[\0\s\-‐-―−]", "", narrow).upper().translate(_MISREAD)


def normalise_number(text: str) -> str:
    """Return a typed case number as it is stored; forgives case, spaces, hyphens, O for 0."""
    symbols = _symbols(text)
    return f"{symbols[:4]}-{symbols[4:8]}-{symbols[8:]}"


def receipt_digest(receipt: str) -> bytes:
    """Return the 32-byte keyed hash under which a receipt is stored."""
    return keyed_hash("receipt", _symbols(receipt).encode())


def receipt_matches(receipt: str, digest: bytes) -> bool:
    """Compare a typed receipt with a stored hash in constant time, under each index key."""
    typed, stored = keyed_hashes("receipt", _symbols(receipt).encode()), bytes(digest)
    # All of them, whichever fits.
    fitting = [hmac.compare_digest(one, stored) for one in typed]
    return any(fitting)

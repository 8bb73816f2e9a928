r"""Canonical JSON (RFC 8785), commitments to content outside the log, names of events. No Django.

A commitment binds the log to a content without showing it:
SHA-256("requests-portal/commitment/v1\n" || nonce || canonical JSON of the content).
The nonce is 32 random bytes, so that nobody can guess a short content from its commitment, and
so that deleting the nonce makes the commitment say nothing for ever.
"""

import json
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from json.encoder import encode_basestring
from secrets import compare_digest, token_bytes
from typing import Any, NoReturn, cast
from uuid import UUID

import rfc8785

COMMITMENT_DOMAIN = b"requests-portal/commitment/v1\n"
NONCE_SIZE = 32
_MAX_SAFE_INTEGER = 2**53 - 1

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]

_RANDOM_BYTES = 10
_RANDOM_BITS = 0x0FFF_3FFF_FFFF_FFFF_FFFF
_VERSION_AND_VARIANT = 0x7000_8000_0000_0000_0000


class NotCanonicalError(ValueError):
    """A value has no canonical JSON, or bytes are not the canonical JSON of any value."""


def canonical_json(value: Json) -> bytes:
    """Return the one canonical spelling of a JSON value, in UTF-8.

    Raises NotCanonicalError for what JSON lacks: NaN, integers beyond 2^53 - 1, dates, sets,
    lazy strings, lone surrogates, keys that are not strings.
    """
    try:
        spelled = _spell_plain(value)
        return rfc8785.dumps(cast("Any", value)) if spelled is None else spelled.encode()
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise NotCanonicalError(f"This has no canonical JSON: {error}.") from error


def _spell_plain(value: object) -> str | None:
    """Spell what needs no care, which nearly every value is: no floats, and only plain keys.

    For the rest None. RFC 8785 sorts keys by their UTF-16 and Python by code points, which is the
    same for ASCII; texts are escaped by Python's encoder, in C.
    """
    kind = type(value)
    if kind is str:
        return encode_basestring(cast("str", value))
    if kind is int:
        return str(value) if abs(cast("int", value)) <= _MAX_SAFE_INTEGER else None
    if kind is dict:
        return _spell_members(cast("dict[object, object]", value))
    if kind is list:
        parts = [_spell_plain(each) for each in cast("list[object]", value)]
        return None if None in parts else f"[{','.join(cast('list[str]', parts))}]"
    if kind is bool:
        return "true" if value else "false"
    return "null" if value is None else None


def _spell_members(members: dict[object, object]) -> str | None:
    parts = []
    for key, value in members.items():
        if type(key) is not str or not key.isascii():
            return None
        spelled = _spell_plain(value)
        if spelled is None:
            return None
        parts.append((key, spelled))
    parts.sort()
    return f"{{{','.join([f'{encode_basestring(key)}:{spelled}' for key, spelled in parts])}}}"


def parse_json(data: bytes) -> Json:
    """Read JSON, canonical or not, so that `canonical_json` can write it again."""
    try:
        return cast("Json", json.loads(data, parse_int=_integer, parse_constant=_refuse_constant))
    except (ValueError, RecursionError) as error:
        raise NotCanonicalError(f"This is not JSON: {error}") from error


def parse_canonical(data: bytes) -> Json:
    """Read canonical JSON and refuse every other spelling of the same value."""
    value = parse_json(data)
    if canonical_json(value) != data:
        raise NotCanonicalError("This JSON is not in its canonical spelling (RFC 8785).")
    return value


def new_nonce() -> bytes:
    """Return the secret of one commitment; it is kept, and deleted, with the content."""
    return token_bytes(NONCE_SIZE)


def commit(content: Json, nonce: bytes) -> str:
    """Return the commitment to a content as 64 hexadecimal digits."""
    if len(nonce) != NONCE_SIZE:
        raise ValueError(f"The nonce of a commitment has {NONCE_SIZE} bytes.")
    return sha256(COMMITMENT_DOMAIN + nonce + canonical_json(content)).hexdigest()


def opens(commitment: str, content: Json, nonce: bytes) -> bool:
    """Tell whether this content and nonce are what the commitment was made from."""
    return compare_digest(commitment, commit(content, nonce))


def _integer(digits: str) -> int | float:
    # RFC 8785 writes whole floats without a point: beyond 2^53 such digits were a float.
    number = int(digits)
    return number if abs(number) <= _MAX_SAFE_INTEGER else float(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def new_uid() -> UUID:
    """Return a UUID of version 7 (RFC 9562, section 5.7): milliseconds, then 74 random bits.

    Names made one after the other lie side by side in the index. Random ones would make the server
    touch, and write down, another page of it for each event.
    """
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(token_bytes(_RANDOM_BYTES))
    return UUID(int=milliseconds << 80 | random & _RANDOM_BITS | _VERSION_AND_VARIANT)

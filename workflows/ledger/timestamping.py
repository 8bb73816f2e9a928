"""Timestamps of RFC 3161: the request, and what an answer proves. No network here."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)


class TimestampError(ValueError):
    """An answer of a timestamping authority is malformed, or does not prove what it should."""


@dataclass(frozen=True)
class Request:
    """A request: its DER bytes, and the nonce that the answer must repeat."""

    body: bytes
    nonce: int | None


def make_request(data: bytes) -> Request:
    """Return a request for a timestamp on data, by its SHA-256."""
    request = TimestampRequestBuilder(data=data, hash_algorithm=HashAlgorithm.SHA256).build()
    return Request(request.as_bytes(), request.nonce)


def read_certificates(path: str) -> list[x509.Certificate]:
    """Read the certificates in a PEM file: roots, intermediates. Raises TimestampError."""
    try:
        return x509.load_pem_x509_certificates(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise TimestampError(
            f"The certificates of the authority cannot be read: {error}"
        ) from error


def check_response(
    response: bytes, data: bytes, certificates: list[x509.Certificate], nonce: int | None = None
) -> datetime:
    """Return the time that an answer proves for data. Raises TimestampError.

    The certificates must lead from the signer's, which the answer carries, to a root. An authority
    that puts its whole chain into the answer, unsorted, is refused: the reader is strict about DER,
    where a set is sorted; it must be told to send the signer's certificate only.
    """
    builder = VerifierBuilder(roots=certificates, nonce=nonce)
    try:
        decoded = decode_timestamp_response(response)
        builder.build().verify_message(decoded, data)
        moment: datetime = decoded.tst_info.gen_time
    except (ValueError, VerificationError) as error:
        raise TimestampError(f"The timestamp does not hold: {error}") from error
    return moment

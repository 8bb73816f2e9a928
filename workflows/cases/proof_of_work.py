"""Proofs of work: a browser or a program computes for a while before it is let in.

Challenge and proof are those of altcha 2: which counter, hashed with the nonce of the challenge by
PBKDF2, gives this key? Who answers has tried the counters before it, and we compare one keyed
hash. A proof counts for one subject, once, and for some minutes.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from altcha import Payload, create_challenge, verify_solution
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.cases.models import SpentProof
from workflows.common.errors import DomainError
from workflows.vault.blind_index import IndexKey, current_key, index_keys, keyed_hashes

# Known to every browser, without code of others; hashing the key slows down what is built for it.
ALGORITHM = "PBKDF2/SHA-256"
ITERATIONS = 1_000
LASTS = timedelta(minutes=20)
LONGEST = 4_000


class ProofRefused(DomainError):
    """A proof of work is wrong, too old, was used before, or is for something else."""

    def __init__(self) -> None:
        super().__init__(
            _("The calculation of your browser came too late or was used before. It begins anew.")
        )


def new_challenge(subject: str, tries: int, now: datetime | None = None) -> dict[str, Any]:
    """Return a challenge for a subject as JSON, which takes about so many tries."""
    return create_challenge(
        ALGORITHM,
        ITERATIONS,
        counter=tries // 2 + secrets.randbelow(most_tries_of(tries) - tries // 2),
        expires_at=(now or timezone.now()) + LASTS,
        data={"for": _digest(subject, current_key())},
        hmac_secret=_secret("challenge", current_key()),
        hmac_key_secret=_secret("key", current_key()),
    ).to_dict()


def most_tries_of(tries: int) -> int:
    """Return how many tries a challenge takes at most that takes about so many."""
    return tries // 2 + tries


def spend_proof(proof: str, subject: str) -> None:
    """Take the proof of a subject; raise `ProofRefused` for a wrong one and for one that was taken.

    Undone with the transaction around it.
    """
    if len(proof) > LONGEST:
        raise ProofRefused
    if not any(_proves(proof, subject, key) for key in index_keys()):
        raise ProofRefused
    signature = str(Payload.from_base64(proof).challenge.signature).encode()
    current, *former = keyed_hashes("proof.spent", signature)
    if former and SpentProof.objects.filter(digest__in=former).exists():
        raise ProofRefused
    try:
        with transaction.atomic():
            SpentProof.objects.create(digest=current, expires_at=timezone.now() + LASTS)
    except IntegrityError:
        raise ProofRefused from None


def purge_proofs(now: datetime | None = None) -> int:
    """Forget the used proofs that have expired; return how many."""
    stale = SpentProof.objects.filter(expires_at__lt=now or timezone.now())
    deleted, _each = stale.delete()
    return deleted


def _proves(proof: str, subject: str, key: IndexKey) -> bool:
    secret, key_secret = _secret("challenge", key), _secret("key", key)
    if not verify_solution(proof, secret, hmac_key_secret=key_secret).verified:
        return False
    challenge = Payload.from_base64(proof).challenge
    return bool(challenge.parameters.data == {"for": _digest(subject, key)})


def _digest(subject: str, key: IndexKey) -> str:
    return key.keyed_hash("proof.subject", subject.encode()).hex()


def _secret(purpose: str, key: IndexKey) -> bytes:
    return key.keyed_hash(f"proof.{purpose}", b"")

"""Letting people in while more comes in than usual, so that a flood shuts nobody out.

While the intake is calm, nobody notices anything. Under load a draft is let in by a proof of work,
the heavier the higher the load, or, where a browser runs no scripts, by its place in one line for
all, which moves at a fixed pace. Nothing is counted by network address. What was typed is kept
meanwhile.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from altcha import Payload, create_challenge, verify_solution
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from workflows.cases.access import Throttled, reserve
from workflows.cases.models import Admission, Case, Draft, DraftFile, Purpose, SpentProof
from workflows.common.errors import DomainError
from workflows.vault.blind_index import IndexKey, current_key, index_keys, keyed_hashes
from workflows.vocabulary.people import Channel

# Known to every browser, without code of others; hashing the key slows down what is built for it.
ALGORITHM = "PBKDF2/SHA-256"
ITERATIONS = 1_000
LASTS = timedelta(minutes=20)
LONGEST = 4_000

FILINGS_LATELY = timedelta(minutes=5)
# What staff enter from letters is no load.
_CHANNELS = (Channel.WEB, Channel.API)
DRAFTS_LATELY = timedelta(hours=1)
# Each level of load doubles the work, up to this.
HIGHEST_LEVEL = 5
# Shares of the room for files from which the levels count.
_ROOM_LEVELS = (1 / 2, 3 / 4, 7 / 8)
SHORTEST_WAIT = timedelta(seconds=20)
LONGEST_LINE = timedelta(hours=1)
# From here on a wait is told in minutes.
_IN_MINUTES_FROM = 120


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
        counter=tries // 2 + secrets.randbelow(max_attempts_for(tries) - tries // 2),
        expires_at=(now or timezone.now()) + LASTS,
        data={"for": _digest(subject, current_key())},
        hmac_secret=_secret("challenge", current_key()),
        hmac_key_secret=_secret("key", current_key()),
    ).to_dict()


def max_attempts_for(tries: int) -> int:
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


# A proof lets in for so long; who waited may press the button for so long.
OPEN_FOR = {
    Purpose.BEGIN: timedelta(minutes=15),
    Purpose.FILES: timedelta(hours=1),
    Purpose.SEND: timedelta(minutes=15),
}


class AdmissionNeeded(DomainError):
    """The intake is under load, and this draft was not let in."""

    def __init__(self, purpose: Purpose) -> None:
        self.purpose = purpose
        super().__init__(str(_SENTENCES[purpose]))


class ProofNeeded(DomainError):
    """The intake is under load, and a program showed no proof, or no right one.

    `members` holds the `challenge` that is to be solved; after `wait` the intake may be calm.
    """

    def __init__(self, challenge: dict[str, Any], wait: timedelta) -> None:
        self.members, self.wait = {"challenge": challenge}, wait
        super().__init__(
            _("Very many requests are coming in at the moment. Solve the challenge, or wait.")
        )


class NotYet(DomainError):
    """A draft has a place in the line, and its turn has not come. `wait` is how long it takes."""

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        sentence = _("It is not your turn yet: it comes in %(wait)s. Then press the button again.")
        super().__init__(sentence % {"wait": in_words(wait)})


class LineFull(DomainError):
    """The line is as long as it may get. `wait` is how long until somebody can join it."""

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        sentence = _(
            "The line is full at the moment. What you entered is kept: come back in %(wait)s."
        )
        super().__init__(sentence % {"wait": in_words(wait)})


_SENTENCES = {
    Purpose.BEGIN: gettext_lazy(
        "Very many requests are being begun at the moment, so one more step is needed."
    ),
    Purpose.FILES: gettext_lazy(
        "There is little room for files at the moment. Get ready to add files first, then choose"
        " the file again."
    ),
    Purpose.SEND: gettext_lazy(
        "Very many requests are coming in at the moment, so one more step is needed."
    ),
}


@dataclass(frozen=True, slots=True)
class Calm:
    """The intake is calm while fewer than `below` cases came in by the channels after a time."""

    below: int
    after: datetime
    channels: tuple[Channel, ...]


def calm(now: datetime | None = None) -> Calm:
    """Return until when nobody who files has to be let in: what `load_level` of filings counts."""
    now = now or timezone.now()
    return Calm(settings.INTAKE_BUSY_FILINGS, now - FILINGS_LATELY, _CHANNELS)


def load_level(purpose: Purpose, now: datetime | None = None) -> int:
    """Return how far the intake is under load, 0 where it is calm."""
    now = now or timezone.now()
    if purpose == Purpose.FILES:
        return storage_load_level(kept_bytes())
    if purpose == Purpose.BEGIN:
        busy = settings.INTAKE_BUSY_DRAFTS
        # Those that still wait cost nobody anything, and must not raise the price for others.
        lately = Draft.objects.filter(created_at__gt=now - DRAFTS_LATELY, awaits_admission=False)
    else:
        busy = settings.INTAKE_BUSY_FILINGS
        lately = _filings(now)
    # No more are counted than make a difference.
    return int(lately[: busy * HIGHEST_LEVEL].count() // busy)


def _filings(now: datetime) -> Any:
    """Return the cases filed of late. Samples are filed in the past, and count for nothing."""
    return Case.objects.filter(filed_at__gt=now - FILINGS_LATELY, channel__in=_CHANNELS)


def storage_load_level(used: int) -> int:
    """Return the level of load at which so many bytes of the room for files are used."""
    return sum(used > share * settings.DRAFT_FILES_MAX_BYTES for share in _ROOM_LEVELS)


def kept_bytes() -> int:
    """Return the bytes of the files of all drafts: anybody can begin one, and fill the disk."""
    kept: int = DraftFile.objects.aggregate(bytes=Sum("file__size", default=0))["bytes"]
    return kept


def needs_admission(draft: Draft, purpose: Purpose, now: datetime | None = None) -> bool:
    """Return whether a draft must be let in before it may do this."""
    now = now or timezone.now()
    if purpose == Purpose.BEGIN:
        return draft.awaits_admission
    return load_level(purpose, now) > 0 and not _is_open(place_of(draft, purpose, now), now)


def require_admission(draft: Draft, purpose: Purpose) -> None:
    """Raise `AdmissionNeeded` where a draft must be let in first."""
    if needs_admission(draft, purpose):
        raise AdmissionNeeded(purpose)


def place_of(draft: Draft, purpose: Purpose, now: datetime | None = None) -> Admission | None:
    """Return the admission of a draft, open or still to come; None without one."""
    now = now or timezone.now()
    return draft.admissions.filter(purpose=purpose, closes_at__gt=now).first()


def _is_open(admission: Admission | None, now: datetime) -> bool:
    return admission is not None and admission.opens_at <= now


def challenge_for(draft: Draft, purpose: Purpose) -> dict[str, Any]:
    """Return what a browser must solve to be let in."""
    return new_challenge(_subject(draft, purpose), _tries(load_level(purpose)))


def _subject(draft: Draft, purpose: Purpose) -> str:
    return f"{purpose}|{draft.pk}"


def _tries(level: int) -> int:
    """Return the tries of a proof, which double with each level from the first."""
    return int(settings.INTAKE_PROOF_TRIES * 2 ** (min(max(level, 1), HIGHEST_LEVEL) - 1))


def max_attempts(purpose: Purpose) -> int:
    """Return how many tries a challenge takes at most, to tell how far one is."""
    return max_attempts_for(_tries(load_level(purpose)))


def admit_with_proof(draft: Draft, purpose: Purpose, proof: str) -> None:
    """Let a draft in for a proof of work. Raises `ProofRefused`."""
    with transaction.atomic():
        spend_proof(proof, _subject(draft, purpose))
        _admit(draft, purpose, timezone.now())


def join_line(draft: Draft, purpose: Purpose, now: datetime | None = None) -> Admission:
    """Give a draft a place in the line, the one that it has if it has one. Raises `LineFull`."""
    now = now or timezone.now()
    with transaction.atomic():
        Draft.objects.select_for_update().get(pk=draft.pk)
        place = place_of(draft, purpose, now)
        if place is not None:
            return place
        pace = timedelta(seconds=settings.INTAKE_LINE_SECONDS)
        try:
            turn = reserve(f"line.{purpose}", pace, most=LONGEST_LINE, now=now)
        except Throttled as full:
            raise LineFull(full.wait) from full
        return _admit(draft, purpose, turn + SHORTEST_WAIT)


def _admit(draft: Draft, purpose: Purpose, opens_at: datetime) -> Admission:
    admission, _new = Admission.objects.update_or_create(
        draft=draft,
        purpose=purpose,
        defaults={"opens_at": opens_at, "closes_at": opens_at + OPEN_FOR[purpose]},
    )
    return admission


def consume_admission(draft: Draft, purpose: Purpose, now: datetime | None = None) -> None:
    """Let a draft do what it was let in for; an admission to begin or to send is used up by it.

    Call inside the transaction that does it. Raises `NotYet` for one whose turn is still to come,
    `AdmissionNeeded` without one; where the intake is calm, nobody needs one.
    """
    now = now or timezone.now()
    if not needs_admission(draft, purpose, now):
        if purpose != Purpose.FILES:
            draft.admissions.filter(purpose=purpose).delete()
        return
    place = place_of(draft, purpose, now)
    if place is None:
        raise AdmissionNeeded(purpose)
    if not _is_open(place, now):
        raise NotYet(place.opens_at - now)
    place.delete()


def require_proof(attempt: str, proof: str) -> None:
    """Take the proof of a program that files, where the intake is under load.

    Call inside the transaction that files. Raises `ProofNeeded` with a challenge for this attempt.
    """
    level = load_level(Purpose.SEND)
    if level == 0:
        return
    subject = f"attempt|{attempt}"
    try:
        spend_proof(proof, subject)
    except ProofRefused:
        raise ProofNeeded(new_challenge(subject, _tries(level)), _until_calm()) from None


def _until_calm() -> timedelta:
    """Return how long until so many filings are no longer of late that the intake is calm."""
    now = timezone.now()
    newest = _filings(now).order_by("-filed_at").values_list("filed_at", flat=True)
    (oldest_that_counts,) = newest[settings.INTAKE_BUSY_FILINGS - 1 :][:1] or (now,)
    return max(timedelta(seconds=1), oldest_that_counts + FILINGS_LATELY - now)


def in_words(wait: timedelta) -> str:
    """Return a wait in seconds, or from two minutes on in minutes."""
    seconds = max(1, ceil(wait.total_seconds()))
    if seconds < _IN_MINUTES_FROM:
        return ngettext("%(count)s second", "%(count)s seconds", seconds) % {"count": seconds}
    minutes = ceil(seconds / 60)
    return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}

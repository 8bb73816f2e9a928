"""The output suppression list: what models must not put out, until it is gone from them.

An entry hides a phrase in what a model writes; the model still holds it. So an entry is never
called a deletion: it is labelled suppressed, it has an owner, and it is tested with a prompt.
"""

import hashlib
import hmac
import json
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.accounts.actors import Actor
from workflows.cases.models import Item
from workflows.cases.transition import append_case_event, lock_case, suppression_check
from workflows.common.errors import InvalidInput, Refused
from workflows.common.inputs import require_text
from workflows.common.signed_note import Signer
from workflows.datasets.models import TrainedModel
from workflows.ledger.keys import signer_for
from workflows.model_outputs.models import ListVersion, Suppression
from workflows.vault.blind_index import current_key, index_keys, key_name
from workflows.vault.crypto import Shredded
from workflows.vault.rotation import RotationStep
from workflows.vocabulary.roles import Role

FIRST_LINE = "requests-portal/suppression-list/v1"
LABEL = "suppressed"
MAINTAINERS = frozenset({Role.DATA_STEWARD, Role.PRIVACY_OFFICER})
# Fewer letters would be found in half of everything.
SHORTEST = 2
_PURPOSE = "suppression.phrase"
_LOCK = 0x53757070  # "Supp"


@dataclass(frozen=True, slots=True)
class PublishedList:
    """The list as it is given out: a signed note, its version and the tag that stands for it."""

    note: str
    version: int
    etag: str


def normalized_letters(phrase: str) -> str:
    """Return the letters and digits by which a phrase is compared: NFKD, case folded."""
    folded = (unicodedata.normalize("NFKD", character).casefold() for character in phrase)
    return "".join(part for character in folded for part in character if part.isalnum())


def gateway_keys() -> list[bytes]:
    """Return the keys with which gateways hash what they compare with keyed hashes.

    The first one makes new digests; entries of erased cases keep theirs under a former one.
    """
    return [key.shared_key(_PURPOSE) for key in index_keys()]


def _digested(phrase: str, key: bytes) -> bytes:
    return hmac.digest(key, normalized_letters(phrase).encode(), hashlib.sha256)


def check_phrase(phrase: str, form: str) -> str:
    """Return a phrase that can be put on the list. Raises `InvalidInput`."""
    phrase = require_text(phrase)
    if len(normalized_letters(phrase)) < SHORTEST:
        raise InvalidInput(_("This is too short: it would be found in what concerns others."))
    if form not in Suppression.Form.values:
        raise InvalidInput(_("Choose how the phrase is given to the gateways."))
    return phrase


def suppress(
    item: Item,
    actor: Actor,
    phrase: str,
    *,
    form: str = Suppression.Form.NORMALISED,
    models: Collection[TrainedModel] = (),
    expires_on: date | None = None,
    test_prompt: str = "",
) -> Suppression:
    """Put a phrase on the list for an item; without `models` it concerns all of them.

    Raises `Refused` for those who may not, `InvalidInput` for a phrase that is too short.
    """
    role = _require_keeper(actor)
    phrase = check_phrase(phrase, form)
    comparison_key = current_key().shared_key(_PURPOSE)
    with transaction.atomic():
        case = lock_case(item.case)
        if case.erased_at is not None:
            raise Refused(_("This case was erased."))
        entry = Suppression.objects.create(
            case=case,
            item=item,
            phrase=phrase,
            form=form,
            digest=_digested(phrase, comparison_key),
            key_name=key_name(comparison_key),
            length=len(normalized_letters(phrase)),
            expires_on=expires_on,
            owner=actor.pseudonym,
            test_prompt=test_prompt.strip(),
        )
        entry.trained_models.set(models)
        append_case_event(
            case,
            "suppression.added",
            role=role,
            pseudonym=actor.pseudonym,
            facts={"suppression": str(entry.pk), "item": item.position, "form": form},
            contents={"phrase": phrase},
        )
    return entry


def record_test(entry: Suppression, actor: Actor, *, shown: bool) -> None:
    """Record whether the model still shows the phrase when it is given the test prompt.

    Raises `Refused`.
    """
    role = _require_keeper(actor)
    with transaction.atomic():
        locked = Suppression.objects.select_for_update(of=("self",)).get(pk=entry.pk)
        result = Suppression.TestResult.SHOWN if shown else Suppression.TestResult.SUPPRESSED
        Suppression.objects.filter(pk=locked.pk).update(
            test_result=result, tested_at=timezone.now(), tested_by=actor.pseudonym
        )
        append_case_event(
            locked.case,
            "suppression.tested",
            role=role,
            pseudonym=actor.pseudonym,
            facts={"suppression": str(locked.pk), "result": result.value},
        )
    entry.refresh_from_db()


def withdraw(entry: Suppression, actor: Actor) -> None:
    """Take an entry off the list; it stays in the records. Raises `Refused`."""
    role = _require_keeper(actor)
    with transaction.atomic():
        in_force = Suppression.objects.filter(pk=entry.pk, withdrawn_at=None)
        if not in_force.update(withdrawn_at=timezone.now()):
            raise Refused(_("This entry is off the list already."))
        append_case_event(
            entry.case,
            "suppression.withdrawn",
            role=role,
            pseudonym=actor.pseudonym,
            facts={"suppression": str(entry.pk)},
        )
    entry.refresh_from_db()


def _require_keeper(actor: Actor) -> Role:
    if not actor.roles & MAINTAINERS:
        raise Refused(_("Only data stewards and privacy officers keep this list."))
    return actor.role_for(MAINTAINERS)


def entries_in_force(on: date) -> QuerySet[Suppression]:
    """Return the entries that gateways apply on a day."""
    return (
        Suppression.objects.filter(withdrawn_at=None)
        .filter(Q(expires_on=None) | Q(expires_on__gte=on))
        .select_related("case__data_key")
        .prefetch_related("trained_models")
        .order_by("added_at", "pk")
    )


@suppression_check
def is_suppressed(item: Item) -> bool:
    """Return whether an entry is in force for an item."""
    return entries_in_force(timezone.localdate()).filter(item=item).exists()


def current_etag() -> str:
    """Return the tag of the list as it stands now; reads nothing personal."""
    return _fingerprint(list(entries_in_force(timezone.localdate())))


def publish() -> PublishedList:
    """Return the list as it stands now, with a new version number if it has changed."""
    with transaction.atomic():
        # Taken before the entries are read: what was read earlier gets no higher number.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        entries = list(entries_in_force(timezone.localdate()))
        etag = _fingerprint(entries)
        version = _version(etag)
    lines = [
        FIRST_LINE,
        f"version {version.pk}",
        f"made {_instant(version.made_at)}",
        *(json.dumps(shown, ensure_ascii=False) for entry in entries for shown in _shown(entry)),
    ]
    return PublishedList(suppression_signer().sign("\n".join(lines) + "\n"), version.pk, etag)


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _shown(entry: Suppression) -> Iterator[dict[str, object]]:
    """Yield an entry as it is given out: a keyed hash once under each key that is known for it.

    So gateways that have not got the newest key yet go on suppressing.
    """
    shown = {
        "id": str(entry.pk),
        "form": entry.form,
        "label": LABEL,
        "models": [str(model) for model in entry.trained_models.all()] or None,
        "expires_on": entry.expires_on.isoformat() if entry.expires_on else None,
    }
    if entry.form != Suppression.Form.KEYED_HASH:
        try:
            yield {**shown, "phrase": entry.phrase}
        except Shredded:
            shown["form"] = Suppression.Form.KEYED_HASH.value
        else:
            return
    for name, digest in _digests_of(entry).items():
        yield {**shown, "key": name, "digest": digest.hex(), "length": entry.length}


def _digests_of(entry: Suppression) -> dict[str, bytes]:
    """Return the digests of a phrase by the names of their keys; the stored one if it is erased."""
    stored = {entry.key_name: bytes(entry.digest)}
    keys = {key_name(key): key for key in gateway_keys()}
    if keys.keys() == stored.keys():
        return stored
    try:
        return stored | {name: _digested(entry.phrase, key) for name, key in keys.items()}
    except Shredded:
        return stored


def _digest_anew(entry: Suppression) -> int:
    key = current_key().shared_key(_PURPOSE)
    try:
        digest = _digested(entry.phrase, key)
    except Shredded:
        return 0
    Suppression.objects.filter(pk=entry.pk).update(digest=digest, key_name=key_name(key))
    return 1


def _under_former_keys() -> QuerySet[Suppression]:
    current = key_name(current_key().shared_key(_PURPOSE))
    return Suppression.objects.exclude(key_name=current).select_related("case__data_key")


RENEW_PHRASES = RotationStep("suppressed phrases", _under_former_keys, _digest_anew)


def phrases_under_former_keys() -> int:
    """Return how many phrases on the list only a former comparison key recognises.

    Their cases were erased; those off the list do not count.
    """
    in_force = entries_in_force(timezone.localdate()).values("pk")
    return _under_former_keys().filter(pk__in=in_force).count()


def _fingerprint(entries: list[Suppression]) -> str:
    rows: list[object] = [
        [
            str(entry.pk),
            entry.form,
            entry.case.erased_at is not None,
            str(entry.expires_on),
            sorted(str(model) for model in entry.trained_models.all()),
            entry.key_name,
            bytes(entry.digest).hex(),
        ]
        for entry in entries
    ]
    rows.append([key_name(key) for key in gateway_keys()])
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _version(fingerprint: str) -> ListVersion:
    """Return the version of the list that is made of these entries, a new one if they are new.

    The caller holds the lock of the list.
    """
    last = ListVersion.objects.first()
    if last is not None and last.fingerprint == fingerprint:
        return last
    return ListVersion.objects.create(fingerprint=fingerprint, made_at=timezone.now())


def suppression_signer() -> Signer:
    """Return the key that signs the output suppression list. Raises ImproperlyConfigured."""
    return signer_for("suppression-list")

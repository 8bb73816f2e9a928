"""What an event may say, and the exact spelling of its leaf, in which the numbers come last."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.utils import timezone

from workflows.ledger.canonical import Json, NotCanonicalError, canonical_json
from workflows.ledger.models import ACTOR_LENGTH, NAME_LENGTH, REGISTER_LENGTH, ROLE_LENGTH
from workflows.ledger.tiles import MAX_ENTRY_BYTES

LEAF_VERSION = 1
CASE_RECEIVED = "case.received"

_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_REGISTER = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*")
_COMMITMENT = re.compile(r"[0-9a-f]{64}")
# Step and register number are given after the check of the size: room for two long numbers.
_ROOM_FOR_NUMBERS = 2 * 16


class InvalidEventError(ValueError):
    """An event that the log does not take; nothing was written and no number was used."""


@dataclass(frozen=True, slots=True)
class LeafTemplate:
    """A leaf without its register number and its step: the canonical JSON around the two."""

    before_number: str
    before_step: str
    after_step: str

    def fill(self, step: int | None, number: int | None) -> bytes:
        """Return the leaf."""
        number_text, step_text = ("null" if each is None else str(each) for each in (number, step))
        text = f"{self.before_number}{number_text}{self.before_step}{step_text}{self.after_step}"
        return text.encode()


def leaf_template(
    *,
    name: str,
    role: str,
    actor: str,
    case: UUID | None,
    register: str | None,
    facts: Mapping[str, Json],
    commitments: Mapping[str, str],
    moment: datetime,
) -> LeafTemplate:
    """Check an event and spell its leaf. See `services.append`. Raises InvalidEventError."""
    _check_texts(name, role, actor, moment)
    _check_register(name, case, register)
    spelled = _spell(
        {
            "v": LEAF_VERSION,
            "case": None if case is None else str(case),
            "step": None,
            "register": register,
            "number": None,
            "name": name,
            "role": role,
            "actor": actor,
            "at": format_time(moment),
            "facts": dict(facts),
            "commitments": _checked_commitments(commitments),
        }
    )
    # Both are members of the leaf itself, where they stand behind the facts; inside a text the
    # quotation marks would be escaped.
    rest, after_step = spelled.rsplit('"step":null', 1)
    before_number, before_step = rest.rsplit('"number":null', 1)
    return LeafTemplate(f'{before_number}"number":', f'{before_step}"step":', after_step)


def format_time(moment: datetime) -> str:
    """Return a time as leaves write it: UTC with microseconds and a final Z."""
    in_utc = moment.astimezone(UTC).replace(tzinfo=None)
    return f"{in_utc.isoformat(timespec='microseconds')}Z"


def _check_texts(name: str, role: str, actor: str, moment: datetime) -> None:
    if len(name) > NAME_LENGTH or _NAME.fullmatch(name) is None:
        raise InvalidEventError(f"The name of an event reads object.verb, not {name!r}.")
    if not role:
        raise InvalidEventError("An event needs the role of who caused it.")
    for what, text, length in (("role", role, ROLE_LENGTH), ("actor", actor, ACTOR_LENGTH)):
        if len(text) > length or not text.isprintable():
            raise InvalidEventError(
                f"The {what} of an event is one line of at most {length} printable characters."
            )
    if timezone.is_naive(moment):
        raise InvalidEventError("The time of an event must say its time zone.")


def _check_register(name: str, case: UUID | None, register: str | None) -> None:
    if register is None:
        return
    if name != CASE_RECEIVED or case is None:
        raise InvalidEventError(f"Only {CASE_RECEIVED}, with its case, gets a register number.")
    if len(register) > REGISTER_LENGTH or _REGISTER.fullmatch(register) is None:
        raise InvalidEventError(f"A register is named by its regime, not {register!r}.")


def _checked_commitments(commitments: Mapping[str, str]) -> dict[str, Json]:
    for what, value in commitments.items():
        if _COMMITMENT.fullmatch(value) is None:
            raise InvalidEventError(f"The commitment {what!r} is not 64 hexadecimal digits.")
    return dict(commitments)


def _spell(body: dict[str, Json]) -> str:
    try:
        spelled = canonical_json(body)
    except NotCanonicalError as error:
        raise InvalidEventError(f"The facts of {body['name']} are not JSON. {error}") from error
    if len(spelled) + _ROOM_FOR_NUMBERS > MAX_ENTRY_BYTES:
        raise InvalidEventError(
            f"The event {body['name']} takes {len(spelled)} bytes; the log takes {MAX_ENTRY_BYTES}."
        )
    return spelled.decode()

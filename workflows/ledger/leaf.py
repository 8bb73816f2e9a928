"""What an event may say, and the exact spelling of its leaf, in which the numbers come last."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from workflows.ledger.canonical import Json, NotCanonicalError, canonical_json
from workflows.ledger.models import ACTOR_LENGTH, NAME_LENGTH, REGISTER_LENGTH, ROLE_LENGTH
from workflows.ledger.tiles import MAX_ENTRY_BYTES

LEAF_VERSION = 1
CASE_RECEIVED = "case.received"

_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_REGISTER = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*")
_COMMITMENT = re.compile(r"[0-9a-f]{64}")
# A code, a number, an id or a date: printable ASCII without a space.
_CODE = re.compile(r"[!-~]{0,100}")
# Step and register number are given after the check of the size: room for two long numbers.
_ROOM_FOR_NUMBERS = 2 * 16


class InvalidEventError(ValueError):
    """An event that the log does not take; nothing was written and no number was used."""


class LeafTemplate(NamedTuple):
    """A leaf without its register number and its step: the canonical JSON around the two.

    `at` is the time as it stands in the leaf.
    """

    before_number: str
    before_step: str
    after_step: str
    at: str

    def fill(self, step: int | None, number: int | None) -> bytes:
        """Return the leaf."""
        number_text = "null" if number is None else number
        step_text = "null" if step is None else step
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
    """Check an event and spell its leaf. See `services.append`. Raises InvalidEventError.

    The members stand in the order of canonical JSON, which is that of their names.
    """
    _check_register(name, case, register)
    before_at, before_number, before_step = _spell_frame(name, role, actor, register)
    if moment.utcoffset() is None:
        raise InvalidEventError("The time of an event must say its time zone.")
    at = format_time(moment)
    spelled_case = "null" if case is None else f'"{case}"'
    template = LeafTemplate(
        f'{before_at}{at}","case":{spelled_case},"commitments":{_spell_commitments(commitments)}'
        f',"facts":{_spell("facts", dict(facts))}{before_number}',
        before_step,
        f',"v":{LEAF_VERSION}}}',
        at,
    )
    size = len(template.fill(None, None))
    if size + _ROOM_FOR_NUMBERS > MAX_ENTRY_BYTES:
        raise InvalidEventError(
            f"The event {name} takes {size} bytes; the log takes {MAX_ENTRY_BYTES}."
        )
    return template


def require_codes(facts: Json) -> None:
    """Raise InvalidEventError for facts with words in them: those belong into a commitment.

    Neither personal data nor anything else that somebody typed can be taken out of the log again.
    One word that looks like a code gets past: whoever appends an event gives it none.
    """
    if isinstance(facts, str):
        if _CODE.fullmatch(facts) is None:
            raise InvalidEventError("A fact of an event is a code; words belong into a commitment.")
    elif isinstance(facts, Mapping):
        for name, value in facts.items():
            require_codes(name)
            require_codes(value)
    elif isinstance(facts, Sequence):
        for value in facts:
            require_codes(value)


def format_time(moment: datetime) -> str:
    """Return a time as leaves write it: UTC with microseconds and a final Z."""
    in_utc = moment.astimezone(UTC).replace(tzinfo=None)
    return f"{in_utc.isoformat(timespec='microseconds')}Z"


# Events differ in little but case, time and facts, so what was found of the rest is kept.
@lru_cache(maxsize=1024)
def _spell_frame(name: str, role: str, actor: str, register: str | None) -> tuple[str, str, str]:
    """Check and spell what stands before the time, after the facts, and after the number."""
    if len(name) > NAME_LENGTH or _NAME.fullmatch(name) is None:
        raise InvalidEventError(f"The name of an event reads object.verb, not {name!r}.")
    if not role:
        raise InvalidEventError("An event needs the role of who caused it.")
    spelled_role = _spell_line("role", role, ROLE_LENGTH)
    return (
        f'{{"actor":{_spell_line("actor", actor, ACTOR_LENGTH)},"at":"',
        f',"name":{_spell("name", name)},"number":',
        f',"register":{_spell("register", register)},"role":{spelled_role},"step":',
    )


def _spell_line(what: str, text: str, length: int) -> str:
    if len(text) > length or not text.isprintable():
        raise InvalidEventError(
            f"The {what} of an event is one line of at most {length} printable characters."
        )
    return _spell(what, text)


def _check_register(name: str, case: UUID | None, register: str | None) -> None:
    if register is None:
        return
    if name != CASE_RECEIVED or case is None:
        raise InvalidEventError(f"Only {CASE_RECEIVED}, with its case, gets a register number.")
    if len(register) > REGISTER_LENGTH or _REGISTER.fullmatch(register) is None:
        raise InvalidEventError(f"A register is named by its regime, not {register!r}.")


def _spell_commitments(commitments: Mapping[str, str]) -> str:
    for what, value in commitments.items():
        if _COMMITMENT.fullmatch(value) is None:
            raise InvalidEventError(f"The commitment {what!r} is not 64 hexadecimal digits.")
    return _spell("commitments", dict(commitments))


def _spell(what: str, value: Json) -> str:
    try:
        return canonical_json(value).decode()
    except NotCanonicalError as error:
        raise InvalidEventError(f"The {what} of an event cannot be written. {error}") from error

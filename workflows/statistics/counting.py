"""What a case or an item counts as in figures: one rule, which all of them use. Pure.

Each counts once, by how it stands now. An answer counts while it stands: a case that was contested
is open until it is answered anew or the person is told that the answer stands. A case that ended
without an answer counts as ended, and so does one that was withdrawn, merged or not paid for after
an earlier answer. A rejection as abuse is an answer, and denies all that was asked for.
"""

from collections.abc import Collection
from enum import StrEnum

from workflows.cases.lifecycle import OPEN, State
from workflows.vocabulary.outcomes import NOT_GRANTED, Outcome

# Where the latest answer stands.
ANSWERED = frozenset({State.ANSWERED, State.CLOSED})
ENDED = frozenset({State.WITHDRAWN, State.EXPIRED, State.MERGED})
# Among the grounds of refusal it stands for a rejection as abuse.
ABUSE = "abuse"


class CountsAs(StrEnum):
    """What became of a case or an item."""

    WHOLE = "whole"
    PART = "part"
    DENIED = "denied"
    NOTHING_HELD = "nothing_held"
    ENDED = "ended"
    OPEN = "open"


DECIDED = frozenset({CountsAs.WHOLE, CountsAs.PART, CountsAs.DENIED, CountsAs.NOTHING_HELD})


def counts_as(state: str, *, answered: bool, outcomes: Collection[str]) -> CountsAs:
    """Return what a case counts as: its state, whether it has an answer, what that says of items.

    For a single item, `outcomes` is its own alone.
    """
    if state in OPEN:
        return CountsAs.OPEN
    if state == State.REJECTED_AS_ABUSE:
        return CountsAs.DENIED
    if state in ENDED or not answered:
        return CountsAs.ENDED
    granted, refused = bool(set(outcomes) - NOT_GRANTED - {""}), Outcome.REFUSED in outcomes
    if granted:
        return CountsAs.PART if refused else CountsAs.WHOLE
    return CountsAs.DENIED if refused else CountsAs.NOTHING_HELD


def ground_of(state: str, ground: str) -> str:
    """Return why something was denied: its own ground, or that of the whole case."""
    return ABUSE if state == State.REJECTED_AS_ABUSE else ground

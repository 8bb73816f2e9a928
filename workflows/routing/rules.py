"""Which rule a new case matches. Pure: rules and case go in as values."""

from collections.abc import Iterable, Sequence
from typing import Protocol


class Rule(Protocol):
    """What a routing rule looks like; an empty list matches everything."""

    @property
    def kinds(self) -> Sequence[str]:
        """The item kinds of which a case must have one."""

    @property
    def regimes(self) -> Sequence[str]:
        """The regimes of which one must apply."""

    @property
    def languages(self) -> Sequence[str]:
        """The languages in which a case may be."""


def matches(rule: Rule, kinds: Iterable[str], regimes: Iterable[str], language: str) -> bool:
    """Return whether a rule matches a case with these item kinds, regimes and language."""
    return (
        (not rule.kinds or bool(set(rule.kinds) & set(kinds)))
        and (not rule.regimes or bool(set(rule.regimes) & set(regimes)))
        and (not rule.languages or language in rule.languages)
    )

"""Refuses to start with a broken rule file, or with a law that there is not."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from workflows.regimes import registry
from workflows.regimes.reader import RuleFileError


@register(Tags.compatibility)
def check_rule_files(**_: Any) -> list[CheckMessage]:
    """Read every rule file; the error names file, line and key."""
    registry.forget()
    try:
        known = [regime.code for regime in registry.all_regimes()]
    except RuleFileError as error:
        return [
            Error(
                str(error),
                hint="Correct the rule file; CONTRIBUTING.md says how one is made.",
                id="regimes.E001",
            )
        ]
    return [*_unknown_codes(known)]


def _unknown_codes(known: Sequence[str]) -> Iterator[Error]:
    """Yield what is wrong with the bodies of law that the provider says it serves."""
    served = settings.PROVIDER_REGIMES
    if not served:
        yield Error("PROVIDER_REGIMES names no body of law.", id="regimes.E002")
    for code in served:
        if code not in known:
            close = get_close_matches(code, known, n=1)
            meant = f"Did you mean {close[0]}? " if close else ""
            yield Error(
                f"PROVIDER_REGIMES names {code!r}, and there is no such body of law.",
                hint=f"{meant}Known are: {', '.join(known)}.",
                id="regimes.E002",
            )
    if len(set(served)) != len(served):
        yield Error("PROVIDER_REGIMES names a body of law twice.", id="regimes.E002")

"""Refuses to start with a broken rule file."""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

from workflows.regimes import registry
from workflows.regimes.reader import RuleFileError


@register(Tags.compatibility)
def check_rule_files(**_: Any) -> list[CheckMessage]:
    """Read every rule file; the error names file, line and key."""
    registry.forget()
    try:
        registry.all_regimes()
    except RuleFileError as error:
        return [
            Error(
                str(error),
                hint="Correct the rule file; CONTRIBUTING.md says how one is made.",
                id="regimes.E001",
            )
        ]
    return []

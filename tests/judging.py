"""Judges places that were found one by one, as weak ones have to be."""

from collections.abc import Iterable
from uuid import UUID

from tests.factories import REVIEWER
from workflows.accounts.actors import Actor
from workflows.cases.models import Case
from workflows.lookups.services import judge


def judge_each(
    case: Case, matches: Iterable[UUID], verdict: str, reviewer: Actor = REVIEWER
) -> None:
    """Set one verdict on each of these matches."""
    for match in matches:
        judge(case, reviewer, [match], verdict)

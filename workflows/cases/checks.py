"""Names what is wrong with the definition of an item kind, and that no profile was set."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register

from workflows.cases.applicable_law import profile_in_force
from workflows.cases.models import Item
from workflows.common.checks import if_database_can_be_asked
from workflows.regimes.rules.reader import RuleFileError
from workflows.regimes.services import all_regimes
from workflows.vocabulary.item_kinds import DETAIL_NAMES, ItemKind
from workflows.vocabulary.outcomes import NOT_GRANTED
from workflows.vocabulary.wishes import Wish


@register("kinds", Tags.compatibility)
def check_item_kinds(**_: Any) -> list[CheckMessage]:
    """Name what a definition lacks, or has twice, and kinds of which no law knows."""
    found: list[CheckMessage] = [
        *(Error(text, id="cases.E001") for kind in ItemKind for text in _faults(kind)),
        *(Error(text, id="cases.E001") for text in _same_places(ItemKind)),
        *(Error(text, id="cases.E001") for text in _empty_choices(ItemKind)),
    ]
    try:
        known = {kind for regime in all_regimes() for kind in regime.items}
    except RuleFileError:  # told by the check of the rule files
        return found
    return [
        *found,
        *(
            checks.Warning(
                f"No body of law knows items of the kind {kind.value!r}.",
                hint=f"Add [items.{kind.value}] to a rule file; nobody can be granted it before.",
                id="cases.W001",
            )
            for kind in ItemKind
            if kind not in known
        ),
    ]


@register("profile", deploy=True)
def check_profile(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Refuse to go live before counsel has said on which facts it depends which laws apply."""
    if if_database_can_be_asked(databases, _has_profile, otherwise=True):
        return []
    hint = "A privacy officer sets it in the staff's area, under “Provider profile”."
    return [Error("No profile says which laws apply to the provider.", hint=hint, id="cases.E002")]


def _has_profile() -> bool:
    _profile, version = profile_in_force()
    return version is not None


def _faults(kind: ItemKind) -> Iterator[str]:
    """Yield what is wrong with one definition."""
    asked, name = kind.definition, repr(kind.value)
    longest = Item.kind.field.max_length
    if longest is not None and len(kind) > longest:
        yield f"The code of the item kind {name} has more than {longest} characters."
    if not asked.outcomes:
        yield f"An item of the kind {name} can come to nothing that grants it: `outcomes`."
    if NOT_GRANTED & {*asked.outcomes}:
        yield f"Each kind of item can be refused; {name} has that among its `outcomes`."
    if not {*asked.substitutes, *asked.notice_by_outcome} <= {*asked.outcomes}:
        yield f"The item kind {name} tells of an outcome that is not among its `outcomes`."
    questions = asked.page.questions if asked.page else ()
    if not questions and not asked.statement_hint:
        yield f"The form asks nothing about {name}: it needs a `page` or a `statement_hint`."
    for detail, count in Counter(question.detail for question in questions).items():
        if count > 1 or detail not in DETAIL_NAMES:
            yield f"The page of {name} asks for {detail!r}, which is asked twice or no detail."


def _same_places(kinds: Iterable[ItemKind]) -> Iterator[str]:
    places = Counter(kind.definition.form_position for kind in kinds)
    for place, count in places.items():
        if count > 1:
            yield f"{count} kinds of item have the same `form_position`, {place}."


def _empty_choices(kinds: Iterable[ItemKind]) -> Iterator[str]:
    """Yield the choices of the form that ask for nothing as they stand when they are ticked."""
    usual = {kind.definition.wish for kind in kinds if kind.definition.usual}
    for wish in Wish:
        if wish not in usual:
            yield f"No kind of item is the usual one of the choice {wish.value!r} of the form."

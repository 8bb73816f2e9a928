"""What reviewers say of how an item is carried out in the data, before they propose it."""

import re
from collections.abc import Sequence
from itertools import permutations

from django.db import transaction
from django.utils.translation import gettext as _

from workflows.accounts.actors import Actor
from workflows.cases.lifecycle import State
from workflows.cases.models import Item
from workflows.cases.transition import append_case_event, lock_case
from workflows.common.errors import InvalidInput, Refused
from workflows.common.inputs import MAX_BODY
from workflows.corrections.models import ItemChange
from workflows.lookups.services import REVIEWERS
from workflows.vocabulary.item_kinds import ItemKind, outcomes_for
from workflows.vocabulary.outcomes import CORRECTING, Outcome

# A wrong text, and what is right in its place; of a supplement, a text and what is added behind it.
Pair = tuple[str, str]
# Between letters of these a space stands, between Han characters none.
_SPACED = re.compile(r"[^\W\d_一-鿿぀-ヿ]|[0-9]")


def is_addition(item: Item) -> bool:
    """Return whether what is typed for an item is added, and replaces nothing."""
    return ItemKind(item.kind).definition.adds


def accepts_replacements(item: Item) -> bool:
    """Return whether an item can end in a correction, or in something added."""
    return bool(CORRECTING & set(outcomes_for(item.kind)))


def accepts_redaction(item: Item) -> bool:
    """Return whether an item can end in a deletion."""
    return Outcome.DELETED in outcomes_for(item.kind)


def change_of(item: Item) -> ItemChange | None:
    """Return what reviewers said of an item, or None."""
    change: ItemChange | None = getattr(item, "change", None)
    if change is not None:
        change.case = item.case
    return change


def further_pairs(item: Item) -> list[Pair]:
    """Return the pairs that reviewers typed."""
    change = change_of(item)
    return [(wrong, right) for wrong, right in change.pairs] if change else []


def redacts(item: Item) -> bool:
    """Return whether a deletion takes the words out and keeps the record."""
    change = change_of(item)
    return change is not None and change.redact


def replacements_of(item: Item) -> list[Pair]:
    """Return all that is to be replaced: what the person said, then what reviewers typed.

    Of a supplement, a text is replaced by itself with what is added behind it.
    """
    if is_addition(item):
        return [(before, _joined(before, added)) for before, added in further_pairs(item)]
    own = (item.details.get("claimed", "").strip(), item.details.get("correct", "").strip())
    return [*([own] if all(own) else []), *further_pairs(item)]


def _joined(before: str, added: str) -> str:
    """Return two texts one behind the other, with a space where the script wants one."""
    space = " " if _SPACED.match(before[-1]) and _SPACED.match(added[0]) else ""
    return f"{before}{space}{added}"


def save_item_change(
    item: Item, actor: Actor, pairs: Sequence[Pair], *, redact: bool
) -> ItemChange:
    """Keep how an item is to be carried out; it takes the place of what was said before.

    Raises `Refused` for those who may not and outside of the review, `InvalidInput` for
    texts that are missing or cannot both be replaced.
    """
    if not actor.roles & REVIEWERS:
        raise Refused(_("Only reviewers say how an item is carried out."))
    typed = [(wrong.strip(), right.strip()) for wrong, right in pairs]
    told = [{"claimed": wrong, "correct": right} for wrong, right in typed]
    with transaction.atomic():
        case = lock_case(item.case)
        if case.state != State.IN_REVIEW:
            raise Refused(_("This can be said during the review only."))
        _check(item, typed, redact=redact)
        change, _created = ItemChange.objects.update_or_create(
            item=item,
            defaults={"case": case, "pairs": typed, "redact": redact, "by": actor.pseudonym},
        )
        append_case_event(
            case,
            "change.specified",
            role=actor.role_for(REVIEWERS),
            pseudonym=actor.pseudonym,
            facts={"item": item.position, "pairs": len(typed), "redact": redact},
            contents={"pairs": told} if typed else {},
        )
    return change


def _check(item: Item, pairs: Sequence[Pair], *, redact: bool) -> None:
    if (pairs and not accepts_replacements(item)) or (redact and not accepts_redaction(item)):
        raise InvalidInput(_("This kind of item cannot be carried out so."))
    if any(not wrong or not right for wrong, right in pairs):
        raise InvalidInput(_("Each wrong text needs a right one, and the other way round."))
    if any(len(text) > MAX_BODY for pair in pairs for text in pair):
        raise InvalidInput(_("Write at most %(count)s characters.") % {"count": MAX_BODY})
    own = "" if is_addition(item) else (item.details.get("claimed") or "").strip()
    wrongs = [wrong for wrong, _right in pairs] + ([own] if own else [])
    if any(one in other for one, other in permutations(wrongs, 2)):
        raise InvalidInput(
            _("One wrong text stands in another one, or is typed twice; keep only one of them.")
        )

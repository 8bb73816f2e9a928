"""What the laws of a case say about deciding an item: which outcomes they know, on which grounds.

Every law that grants an item is asked, not only the one that leads: an outcome counts only if each
of them knows it, and what is refused or given in part needs a ground of each. Where no law grants
an item, the provider offers it under the rules of the leading law.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from workflows.cases.models import Case
from workflows.common.errors import InvalidInput
from workflows.regimes.deadlines.values import Citation
from workflows.regimes.rules.elements import FeeRule, Ground, LocalizedText
from workflows.regimes.rules.regime import Regime
from workflows.vocabulary.item_kinds import ItemKind, is_partial, is_plain, outcomes_for
from workflows.vocabulary.outcomes import NOT_GRANTED, Outcome
from workflows.vocabulary.people import Assurance

# Told as a refusal, and resting on a fact: a ground may be named.
_MAY_NAME_A_GROUND = Outcome.NOT_IDENTIFIABLE


def laws_of(case: Case, kind: str) -> tuple[Regime, ...]:
    """Return the laws of a case that an item of this kind is decided under, the leading first."""
    granting = tuple(law for law in case.laws if grants_by_law(law, kind))
    return granting or (case.lead_regime,)


def grants_by_law(law: Regime, kind: str) -> bool:
    """Return whether this law itself grants the right, and not the provider's policy alone."""
    rule = law.item(kind)
    return rule is not None and rule.basis == "law"


def assurance_needed(laws: Sequence[Regime], kind: str) -> Assurance:
    """Return how well the person must be known before an item of this kind is granted.

    It is what the strictest of all laws of a case asks. Where none of them knows the kind, what
    cannot be taken back, or hands data out, is not granted to somebody unknown.
    """
    rules = [rule for law in laws if (rule := law.item(kind))]
    if not rules:
        second_look = ItemKind(kind).definition.second_look
        return Assurance.MATCHED if second_look else Assurance.CONTACT
    return max((rule.assurance for rule in rules), key=Assurance.values.index)


def must_be_verified(laws: Sequence[Regime], kind: str) -> bool:
    """Return whether one of the laws wants what the person says checked before it is acted upon."""
    rules = [law.item(kind) for law in laws]
    return any(rule is not None and rule.verify_first for rule in rules)


def chargeable_kinds(case: Case) -> tuple[str, ...]:
    """Return the kinds of item of a case for which every law that grants them allows a fee."""
    return tuple(
        kind
        for kind in dict.fromkeys(case.kinds)
        if all(kind in law.fee.chargeable for law in laws_of(case, kind))
    )


def knows_outcome(law: Regime, kind: str, outcome: str) -> bool:
    """Return whether an outcome settles an item of this kind under a law.

    What gives all that was asked for does, and so does a refusal; of anything else the law must
    say that it stands for this right.
    """
    if outcome in NOT_GRANTED or is_plain(kind, outcome):
        return True
    if not grants_by_law(law, kind):
        return True
    rule = law.outcomes.get(outcome)
    return rule is not None and kind in rule.items


def outcomes_under(laws: Sequence[Regime], kind: str) -> tuple[Outcome, ...]:
    """Return the outcomes that can be proposed for an item of this kind under all these laws."""
    return tuple(
        outcome
        for outcome in outcomes_for(kind)
        if all(knows_outcome(law, kind, outcome) for law in laws)
    )


def grounds_under(law: Regime, kind: str, outcome: str = "") -> tuple[Ground, ...]:
    """Return the grounds which a law has for refusing an item, or for giving a part of it.

    Where it knows an outcome that gives a part, what it says about when that may be is a ground,
    too; its code is the outcome. Without an `outcome`, those for all of them.
    """
    partial = [each for each in law.outcomes.values() if is_partial(kind, each.outcome)]
    conditions = tuple(
        Ground(each.outcome, each.condition, (kind,), True, each.citations)
        for each in partial
        if kind in each.items and outcome in {"", each.outcome} and each.outcome not in law.grounds
    )
    return (*law.grounds_for(kind), *conditions)


def ground_named(law: Regime, kind: str, code: str) -> Ground | None:
    """Return the ground of this code that a law has for items of this kind."""
    return next((each for each in grounds_under(law, kind) if each.code == code), None)


def ground_under(outcome: Mapping[str, Any], code: str) -> str | None:
    """Return the ground of an outcome under a law, as events and exports hold outcomes.

    One ground alone is that of the law that leads.
    """
    grounds = outcome.get("grounds")
    found = grounds.get(code) if grounds else outcome.get("ground")
    return None if found is None else str(found)


def needs_ground(laws: Sequence[Regime], kind: str, outcome: str) -> bool:
    """Return whether an outcome has to name grounds: it refuses, or gives only a part.

    What the provider offers without a law may be refused for reasons alone where the rules have no
    ground that fits.
    """
    if outcome != Outcome.REFUSED and not is_partial(kind, outcome):
        return False
    return any(grants_by_law(law, kind) or grounds_under(law, kind, outcome) for law in laws)


def grounds_lacking(
    laws: Sequence[Regime], kind: str, outcome: str, grounds: Mapping[str, str]
) -> tuple[Regime, ...]:
    """Return the laws of which a ground is still to be named; `grounds` are codes by regime."""
    if not needs_ground(laws, kind, outcome):
        return ()
    return tuple(
        law
        for law in laws
        if grounds.get(law.code) not in {each.code for each in grounds_under(law, kind, outcome)}
    )


def grounds_kept(
    laws: Sequence[Regime], kind: str, outcome: str, grounds: Mapping[str, str]
) -> dict[str, str]:
    """Return the grounds that stay with an item: those of its laws, where the outcome has any."""
    if outcome not in {Outcome.REFUSED, _MAY_NAME_A_GROUND} and not is_partial(kind, outcome):
        return {}
    return {law.code: grounds[law.code] for law in laws if grounds.get(law.code)}


def check_decision(
    laws: Sequence[Regime], kind: str, outcome: str, grounds: Mapping[str, str], reasons: str
) -> None:
    """Refuse an outcome that a law does not know, and a ground that is missing or says nothing.

    `grounds` are codes by regime. Raises `InvalidInput` with the law's name in the sentence.
    """
    if outcome not in outcomes_for(kind):
        raise InvalidInput(_("This kind of item cannot come to that outcome."))
    for law in laws:
        if not knows_outcome(law, kind, outcome):
            raise InvalidInput(
                _("%(law)s does not know that outcome for this item.") % {"law": _name(law)}
            )
    for law in grounds_lacking(laws, kind, outcome, grounds):
        if not grounds_under(law, kind, outcome):
            raise InvalidInput(
                _("%(law)s has no ground on which this item can be refused or given in part.")
                % {"law": _name(law)}
            )
        raise InvalidInput(
            _("Choose a ground that %(law)s has for this item and this outcome.")
            % {"law": _name(law)}
        )
    kept = grounds_kept(laws, kind, outcome, grounds)
    named = []
    for law in laws:
        ground = ground_named(law, kind, kept.get(law.code, ""))
        if law.code in kept and ground is None:
            raise InvalidInput(_("Choose a ground that the law of this case knows."))
        if ground is not None:
            named.append(ground)
    require_facts(reasons, named)


def require_facts(reasons: str, grounds: Sequence[Ground | FeeRule]) -> None:
    """Refuse reasons that only repeat their grounds where one of these rests on facts.

    Raises `InvalidInput`.
    """
    rests_on_facts = any(isinstance(each, Ground) and each.needs_facts for each in grounds)
    if rests_on_facts and not says_more_than(reasons, grounds):
        raise InvalidInput(
            _("This ground needs the facts of the case: the reasons only repeat the ground.")
        )


def says_more_than(reasons: str, grounds: Sequence[Ground | FeeRule]) -> bool:
    """Return whether reasons say anything beside the words and the citations of their grounds."""
    rest = _bare(reasons)
    texts: list[LocalizedText | Citation] = []
    for ground in grounds:
        texts += [ground.text, *ground.citations]
    said = [_bare(words) for each in texts for words in (each.zh, each.en, *each.others.values())]
    for words in sorted(said, key=len, reverse=True):
        rest = rest.replace(words, "")
    return bool(rest)


def _bare(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _name(law: Regime) -> Any:
    return law.name.in_language(get_language() or "en")

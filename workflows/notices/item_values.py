"""What an answer says of the items: outcome, reasons, ground, places, and what the law asks for."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.cases.decision_rules import ground_named
from workflows.cases.models import Item
from workflows.notices.document import (
    Bullets,
    Heading,
    Node,
    Paragraph,
    Unknown,
    Value,
    paragraphs,
)
from workflows.notices.phrases import has_phrase, phrase
from workflows.notices.values import RecipientLocale
from workflows.regimes.rules.elements import FeeRule, Ground
from workflows.regimes.rules.regime import Regime
from workflows.vocabulary.item_kinds import is_plain
from workflows.vocabulary.outcomes import NOT_GRANTED, Outcome, Scope, ScopeResult, grants
from workflows.vocabulary.people import Assurance


def item_values(reader: RecipientLocale, items: tuple[Item, ...]) -> dict[str, Value]:
    """Return the values of the placeholders that speak of items."""
    return {
        "items": _each(items, lambda item: _item(reader, item)),
        "scopes": _scopes(reader, items),
        "complied_or_not": _statements(reader, items, "complied", _complied),
        "storage_only": _statements(reader, items, "stored"),
        "verified": _statements(reader, items, "verified", _verified),
        "action_taken": _statements(reader, items, "action"),
        "effective_from": _statements(reader, items, "effective"),
        "copy_of_data": _each(items, lambda item: _told(reader, item)),
        "before_and_after": _each(items, lambda item: _before_and_after(reader, item)),
        "number_of_data": _number(reader, items),
        "refused_items": _each(items, lambda item: _refused(reader, item)),
        "reasons": _each(items, lambda item: _reasons(reader, item)),
        "provision": _provision(reader, [g for item in items for g in _grounds(reader, item)]),
        "specific_facts": _specific_facts(reader, items),
        "internal_review": phrase("review.contest", reader.language),
        "what_is_still_held": _still_held(reader, items),
    }


def refusal_values(
    reader: RecipientLocale,
    items: tuple[Item, ...],
    reasons: str,
    grounds: Mapping[str, Ground | FeeRule],
) -> dict[str, Value]:
    """Return the values of a refusal of all items at once, on which nothing was decided singly.

    `grounds` are by regime.
    """
    language = reader.language
    named = [(law, ground) for code, ground in grounds.items() if (law := reader.law(code))]
    return {
        "refused_items": _each(items, lambda item: _refused_whole(reader, item, named)),
        "reasons": reasons,
        "provision": _provision(reader, named),
        "scopes": _scopes(reader, items),
        "specific_facts": phrase("facts.whole", language, filed_on=_filed_on(reader)),
        "what_is_still_held": phrase("held.unsearched", language),
        "internal_review": phrase("review.complain", language),
    }


def _each(items: Iterable[Item], nodes_of: Callable[[Item], tuple[Node, ...]]) -> tuple[Node, ...]:
    return tuple(node for item in items for node in nodes_of(item))


def _name(reader: RecipientLocale, item: Item) -> str:
    kind = item.kind_label
    return phrase("item.name", reader.language, number=item.position, kind=kind)


def _item(reader: RecipientLocale, item: Item) -> tuple[Node, ...]:
    """Return an item with all that was decided on it, but for the places."""
    language = reader.language
    outcome = item.outcome_label
    lines = [phrase("item.outcome", language, outcome=outcome)]
    if item.retraining_on and item.outcome == Outcome.QUEUED_FOR_RETRAINING:
        day = reader.day(item.retraining_on)
        lines.append(phrase("item.retraining", language, day=day))
    if item.outcome == Outcome.SUPPRESSED_IN_OUTPUT:
        lines.append(phrase("item.suppressed", language))
    if item.outcome not in NOT_GRANTED:
        lines += _ground_lines(reader, _grounds(reader, item))
    return (
        Heading(_name(reader, item)),
        Paragraph("\n".join(lines)),
        *paragraphs(phrase("item.reasons", language, reasons=item.reasons)),
        *_instead(reader, item),
    )


def _instead(reader: RecipientLocale, item: Item) -> tuple[Node, ...]:
    """Return why it was not done as asked, where the outcome stands in for it."""
    if not item.instead_because:
        return ()
    return paragraphs(phrase("item.instead", reader.language, reasons=item.instead_because))


def _grounds(reader: RecipientLocale, item: Item) -> list[tuple[Regime, Ground | FeeRule]]:
    """Return the grounds of a decided item, each with its law."""
    named: list[tuple[Regime, Ground | FeeRule]] = []
    for code, name in item.grounds.items():
        law = reader.law(code)
        ground = ground_named(law, item.kind, name) if law else None
        if law and ground:
            named.append((law, ground))
    return named


def _ground_lines(
    reader: RecipientLocale, grounds: Sequence[tuple[Regime, Ground | FeeRule]]
) -> list[str]:
    """Return a line for each ground; where there are several, with the law that it is one of."""
    language, lines = reader.language, []
    for law, ground in grounds:
        text = phrase(
            "item.cited",
            language,
            ground=ground.text.in_language(language),
            citations=_cited(reader, ground),
        )
        name = law.name.in_language(language)
        lines.append(
            phrase("item.ground_under", language, law=name, ground=text)
            if len(grounds) > 1
            else phrase("item.ground", language, ground=text)
        )
    return lines


def _cited(reader: RecipientLocale, ground: Ground | FeeRule) -> str:
    names = [citation.in_language(reader.language) for citation in ground.citations]
    return phrase("join.list", reader.language).join(names)


def _refused(reader: RecipientLocale, item: Item) -> tuple[Node, ...]:
    return _refused_as(reader, item, item.outcome_label, _grounds(reader, item))


def _refused_whole(
    reader: RecipientLocale, item: Item, grounds: Sequence[tuple[Regime, Ground | FeeRule]]
) -> tuple[Node, ...]:
    return _refused_as(reader, item, str(Outcome.REFUSED.label), grounds)


def _refused_as(
    reader: RecipientLocale,
    item: Item,
    outcome: str,
    grounds: Sequence[tuple[Regime, Ground | FeeRule]],
) -> tuple[Node, ...]:
    lines = (
        _name(reader, item),
        phrase("item.outcome", reader.language, outcome=outcome),
        *_ground_lines(reader, grounds),
    )
    return (Paragraph("\n".join(lines)),)


def _reasons(reader: RecipientLocale, item: Item) -> tuple[Node, ...]:
    text = phrase("item.statement", reader.language, number=item.position, statement=item.reasons)
    return paragraphs(text) if item.reasons.strip() else ()


def _provision(reader: RecipientLocale, grounds: Iterable[tuple[Regime, Ground | FeeRule]]) -> str:
    cited = dict.fromkeys(_cited(reader, ground) for _law, ground in grounds)
    return phrase("join.list", reader.language).join(cited)


def _scopes(reader: RecipientLocale, items: tuple[Item, ...]) -> tuple[Node, ...]:
    """Return what each place came to, in the order of the law, under each item of several."""
    nodes: list[Node] = []
    for item in items:
        results = tuple(
            phrase(
                "item.scope",
                reader.language,
                scope=scope.label,
                result=ScopeResult(item.scopes[scope]).label,
            )
            for scope in Scope
            if scope in item.scopes
        )
        if results:
            if len(items) > 1:
                nodes.append(Paragraph(_name(reader, item)))
            nodes.append(Bullets(results))
    return tuple(nodes)


def _outcome(item: Item) -> str:
    return item.outcome


def _complied(item: Item) -> str:
    """Return the outcome, and whether a filtered output is what was asked for."""
    if item.outcome == Outcome.SUPPRESSED_IN_OUTPUT and is_plain(item.kind, item.outcome):
        return "suppressed_as_asked"
    return item.outcome


def _told(reader: RecipientLocale, item: Item) -> tuple[Node, ...]:
    """Return what staff wrote to the person about the information of an item that is given."""
    return _reasons(reader, item) if grants(item.outcome) else ()


def _filed_on(reader: RecipientLocale) -> str:
    return reader.day(timezone.localtime(reader.case.filed_at, reader.zone).date())


def _specific_facts(reader: RecipientLocale, items: Iterable[Item]) -> Value:
    """Return on which facts each refusal rests: who was known how well, what was looked for where.

    Unknown where a ground rests on facts and no finding was recorded.
    """
    language, lines = reader.language, []
    known_as = str(Assurance(reader.case.assurance or Assurance.NONE).label)
    for item in items:
        needing = any(
            isinstance(ground, Ground) and ground.needs_facts
            for _law, ground in _grounds(reader, item)
        )
        if needing and not (item.scopes or item.is_verified):
            return _finding_wanted(item)
        said = [phrase("facts.known_as", language, filed_on=_filed_on(reader), known_as=known_as)]
        if item.scopes:
            join = phrase("join.list", language)
            places = join.join(
                phrase("item.scope", language, scope=scope, result=result)
                for scope, result in item.scopes_in_words
            )
            said.append(phrase("facts.searched", language, places=places))
        if item.verification:
            said.append(phrase("facts.verified", language, how=item.verification))
        text = "\n".join(said)
        lines.append(phrase("item.statement", language, number=item.position, statement=text))
    return tuple(Paragraph(line) for line in lines)


def _still_held(reader: RecipientLocale, items: Iterable[Item]) -> Value:
    """Return for each item what of it is held: the places in which something was found."""
    language, lines = reader.language, []
    for item in items:
        if not item.scopes:
            return _finding_wanted(item)
        name, places = _held_where(item)
        listed = phrase("join.list", language).join(places)
        statement = phrase(f"held.{name}", language, places=listed)
        lines.append(phrase("item.statement", language, number=item.position, statement=statement))
    return (Bullets(tuple(lines)),)


def _held_where(item: Item) -> tuple[str, list[str]]:
    """Return whether something is held, nothing, or nobody knows; and in which places."""
    for name, result in (("found", ScopeResult.FOUND), ("not_searched", ScopeResult.NOT_SEARCHED)):
        places = [str(scope.label) for scope in Scope if item.scopes.get(scope) == result]
        if places:
            return name, places
    return "nothing", []


def _finding_wanted(item: Item) -> Unknown:
    return Unknown(
        _("Record a finding for item %(number)d with what each place came to.")
        % {"number": item.position}
    )


def _verified(item: Item) -> str:
    """Return the outcome of an item about which it was checked that the person is right."""
    if item.is_verified or not grants(item.outcome):
        return item.outcome
    return "unchecked"


def _statements(
    reader: RecipientLocale,
    items: Iterable[Item],
    group: str,
    name_of: Callable[[Item], str] = _outcome,
) -> tuple[Node, ...]:
    """Return one sentence an item, of those of a group by what `name_of` makes of the item."""
    statements = tuple(
        phrase(
            "item.statement",
            reader.language,
            number=item.position,
            statement=phrase(
                f"{group}.{name_of(item)}",
                reader.language,
                day=reader.day(item.retraining_on),
                today=reader.day(reader.today),
                instead=item.instead_because or item.reasons,
            ),
        )
        for item in items
        if has_phrase(f"{group}.{name_of(item)}")
    )
    return (Bullets(statements),) if statements else ()


def _before_and_after(reader: RecipientLocale, item: Item) -> tuple[Node, ...]:
    language, details = reader.language, item.details
    before = details.get("claimed") or details.get("statement") or ""
    lines = [phrase("item.before", language, text=before)] if before else []
    if details.get("correct"):
        lines.append(phrase("item.after", language, text=details["correct"]))
    if has_phrase(f"changed.{item.outcome}"):
        day = reader.day(item.retraining_on)
        lines.append(phrase(f"changed.{item.outcome}", language, day=day))
    text = "\n".join(lines)
    statement = phrase("item.statement", language, number=item.position, statement=text)
    return (Paragraph(statement),) if lines else ()


def _number(reader: RecipientLocale, items: Iterable[Item]) -> tuple[Node, ...]:
    """Return in how many of the places that were searched something was found."""
    statements = []
    for item in items:
        results = list(item.scopes.values())
        if results:
            numbers = phrase(
                "copy.number",
                reader.language,
                searched=sum(result != ScopeResult.NOT_SEARCHED for result in results),
                found=results.count(ScopeResult.FOUND),
            )
            statements.append(
                phrase("item.statement", reader.language, number=item.position, statement=numbers)
            )
    return (Bullets(tuple(statements)),) if statements else ()

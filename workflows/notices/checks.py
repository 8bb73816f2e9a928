"""Names what the definition of a kind refers to and nobody has, before a case runs into it."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db.models import TextChoices

from workflows.common.checks import if_database_can_be_asked
from workflows.notices.clauses import CLAUSES, Clause, open_clauses, shipped_words
from workflows.notices.facts import Decided
from workflows.notices.kinds import DEFINITIONS
from workflows.notices.languages import languages
from workflows.notices.models import Notice, NoticeText
from workflows.notices.phrases import phrases
from workflows.notices.texts import bundled_texts
from workflows.regimes.rules.reader import RuleFileError
from workflows.regimes.services import all_regimes
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.notices import NoticeElement, NoticeKind


@register("kinds", Tags.compatibility)
def check_notice_kinds(**_: Any) -> list[CheckMessage]:
    """Name kinds of notice without a definition, an example or a text, and laws that ask more."""
    return [*_undefined(), *_without_example(), *_without_text(), *_asked_in_vain()]


@register("kinds", Tags.compatibility)
def check_answers_of_item_kinds(**_: Any) -> list[CheckMessage]:
    """Name kinds of item whose answer is no notice that can tell of decided items."""
    answers = {kind for kind, each in DEFINITIONS.items() if Decided in each.facts}
    return [
        Error(
            f"An item of the kind {kind.value!r} is answered by {notice!r}, and there is no notice"
            " of that kind which tells of decided items.",
            hint=f"Known are: {', '.join(answer for answer in NoticeKind if answer in answers)}.",
            id="notices.E004",
        )
        for kind in ItemKind
        for notice in sorted(kind.definition.all_notices - answers)
    ]


@register("kinds", Tags.compatibility)
def check_lengths(**_: Any) -> list[CheckMessage]:
    """Name kinds and elements of notices that are longer than the columns in which they stand."""
    elements = Notice._meta.get_field("elements")
    kinds = [model._meta.get_field("kind") for model in (Notice, NoticeText)]
    return [
        *_too_long(NoticeKind, min(kind.max_length or 0 for kind in kinds)),
        *_too_long(NoticeElement, elements.base_field.max_length or 0),
    ]


def _too_long(words: type[TextChoices], length: int) -> Iterator[Error]:
    for word in words:
        if len(word.value) > length:
            yield Error(
                f"{word.value!r} is longer than the {length} characters of its column.",
                hint="Shorten it, or widen the column by a migration.",
                id="notices.E005",
            )


def _undefined() -> Iterator[Error]:
    for kind in NoticeKind:
        if kind not in DEFINITIONS:
            yield Error(
                f"The notice {kind.value!r} has no definition.",
                hint="Write one in workflows/notices/kinds.py.",
                id="notices.E001",
            )


def _without_example() -> Iterator[Error]:
    for kind, each in DEFINITIONS.items():
        if kind != NoticeKind.ANSWER and (each.example is None) == (each.example_item is None):
            yield Error(
                f"The notice {str(kind)!r} needs either invented facts or an invented item.",
                hint="Its preview is made from `example` or `example_item` of its definition.",
                id="notices.E002",
            )


def _without_text() -> Iterator[Error]:
    for kind in NoticeKind:
        for language in languages():
            if ("", kind, language) not in bundled_texts():
                yield Error(
                    f"The notice {kind.value!r} has no text in {language}.",
                    hint=f"Write workflows/notices/texts/{language}/{kind.value}.txt.",
                    id="notices.E003",
                )


@register("kinds", Tags.compatibility)
def check_phrases(**_: Any) -> list[CheckMessage]:
    """Name sentences that a language lacks and another has."""
    known = set().union(*map(phrases, languages()))
    return [
        Error(
            f"There is no sentence {name!r} in {language}.",
            hint=f"Write it in workflows/notices/texts/{language}/phrases.toml.",
            id="notices.E006",
        )
        for language in languages()
        for name in sorted(known - phrases(language).keys())
    ]


def _asked_in_vain() -> Iterator[checks.Warning]:
    """Yield what a law asks of a notice that has not what the words for it need."""
    try:
        regimes = all_regimes()
    except RuleFileError:  # told by the check of the rule files
        return
    for regime in regimes:
        for kind, rule in regime.notices.items():
            for element in rule.elements:
                if kind in DEFINITIONS and not DEFINITIONS[kind].can_tell(element):
                    yield checks.Warning(
                        f"{regime.code} asks of the notice {kind!r} that it tell {element!r}, and"
                        " it lacks a placeholder for that.",
                        hint="Add it to `placeholders` of its definition, and to its facts.",
                        id="notices.W001",
                    )


@register("attestations", deploy=True)
def check_attestations(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Name clauses that counsel has not attested: what needs them cannot be sent."""
    nothing: list[Clause] = []
    still_open = if_database_can_be_asked(databases, open_clauses, otherwise=nothing)
    return [
        Error(
            f"Nobody attests the clause {clause.code!r} of notices as it stands now.",
            hint="A privacy officer attests it in the staff's area; `manage.py attestations` lists"
            " all.",
            id="notices.E007",
        )
        for clause in still_open
    ]


@register("kinds", Tags.compatibility)
def check_clauses(**_: Any) -> list[CheckMessage]:
    """Name clauses that lack words in a language."""
    return [
        Error(
            f"The clause {code!r} has no words in {language}.",
            hint=f"Write them in workflows/notices/texts/{language}/clauses.toml.",
            id="notices.E008",
        )
        for language in languages()
        for code in CLAUSES
        if not shipped_words(language).get(code)
    ]

"""The texts of notices: which one is in use, drafts, publishing, and what stands against it."""

import difflib
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from workflows.accounts.actors import Actor
from workflows.common.errors import InvalidInput
from workflows.common.inputs import require_text
from workflows.ledger.append import append
from workflows.notices.elements import PLACEHOLDER_LABELS, REQUIRED_PLACEHOLDERS
from workflows.notices.errors import TextRefused
from workflows.notices.kinds import placeholders_of
from workflows.notices.languages import FOLDER, language_of, languages
from workflows.notices.models import NoticeText, Publication
from workflows.notices.template import Template, TemplateSyntaxError, parse
from workflows.regimes.rules.regime import Regime
from workflows.regimes.services import all_regimes
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.notices import NoticeElement, NoticeKind


@cache
def bundled_texts() -> dict[tuple[str, str, str], str]:
    """Return every shipped text by regime ('' for all), kind and language, offered or not."""
    texts = {}
    for path in sorted(FOLDER.glob("*/*.txt")):
        kind, _dot, regime = path.stem.partition(".")
        texts[regime, kind, path.parent.name] = path.read_text(encoding="utf-8")
    return texts


@dataclass(frozen=True, slots=True)
class TextSlot:
    """Where a text belongs: one kind of notice, one language, one regime or all ('')."""

    regime: str
    kind: str
    language: str


def is_place(place: TextSlot) -> bool:
    """Return whether a text can belong there."""
    codes = {"", *(regime.code for regime in all_regimes())}
    known = place.kind in NoticeKind.values and place.language in languages()
    return known and place.regime in codes


@dataclass(frozen=True, slots=True)
class ActiveText:
    """A text that notices are made from; `version` is None for a shipped one."""

    place: TextSlot
    body: str
    version: NoticeText | None

    def kept(self) -> NoticeText:
        """Return the version, kept now if need be; must run inside a transaction."""
        return self.version or install_bundled_texts(self.place, self.body)


def active_text(regime: str, kind: str, language: str) -> ActiveText:
    """Return the text in use. Raises `LookupError` for a kind or language that has none.

    A text of the regime comes before one of all regimes; at each, the published before the
    shipped.
    """
    for text in texts_so_far(regime, kind, language):
        return text
    raise LookupError(f"There is no text for {kind} in {language}.")


def texts_so_far(regime: str, kind: str, language: str) -> Iterator[ActiveText]:
    """Yield the text in use, then those that were in use before it, the latest first."""
    language = language_of(language)
    for code in dict.fromkeys((regime, "")):
        place = TextSlot(code, kind, language)
        for published in published_texts(place):
            yield ActiveText(place, published.body, published)
        shipped = bundled_texts().get((code, kind, language))
        if shipped is not None:
            yield ActiveText(place, shipped, None)


def published_texts(place: TextSlot) -> QuerySet[NoticeText]:
    """Return the versions that were published at a place, the last one first."""
    return NoticeText.objects.filter(
        regime=place.regime,
        kind=place.kind,
        language=place.language,
        publication__isnull=False,
    ).order_by("-publication__id")


def install_bundled_texts(place: TextSlot, body: str) -> NoticeText:
    """Keep a shipped text as a version, once; must run inside a transaction."""
    digest = _digest(body)
    at_place = NoticeText.objects.filter(
        regime=place.regime, kind=place.kind, language=place.language, author=""
    )
    kept = at_place.filter(digest=digest).first()
    if kept is None:
        _lock(place)
        kept = at_place.filter(digest=digest).first()
    return kept or _add(place, body, author="", reason="")


def save_draft(place: TextSlot, body: str, actor: Actor, reason: str) -> NoticeText:
    """Keep a new version, which is not in use before it is published.

    Raises `InvalidInput` for a place that there is not, or without text or reason. What stands
    against publishing it stands against no draft.
    """
    if not is_place(place):
        raise InvalidInput(_("There is no such notice."))
    body = body.replace("\r\n", "\n").strip() + "\n"
    require_text(body)
    reason = require_text(reason)[:500]
    with transaction.atomic():
        _lock(place)
        version = _add(place, body, author=actor.pseudonym, reason=reason)
        _record("notice_text.drafted", version, actor)
    return version


def publish(version: NoticeText, actor: Actor) -> Publication:
    """Bring a version into use. Raises `TextRefused` with every fault, `InvalidInput` if done."""
    place = TextSlot(version.regime, version.kind, version.language)
    faults = list(validation_errors(place, version.body))
    if faults:
        raise TextRefused(faults)
    with transaction.atomic():
        _lock(place)
        if Publication.objects.filter(text=version).exists():
            raise InvalidInput(_("This version was published before."))
        publication = Publication.objects.create(text=version, by=actor.pseudonym)
        _record("notice_text.published", version, actor)
    return publication


def validation_errors(place: TextSlot, body: str) -> Iterator[str]:
    """Yield what stands against publishing a text, as sentences that name what is at fault."""
    try:
        template = parse(body)
    except TemplateSyntaxError as broken:
        yield _("Line %(line)d cannot be read: %(fault)s") % {
            "line": broken.line,
            "fault": broken.fault,
        }
        return
    yield from _faults_of_placeholders(place.kind, template)
    yield from _faults_of_elements(place, template)


def _faults_of_placeholders(kind: str, template: Template) -> Iterator[str]:
    known = placeholders_of(kind)
    for line in (template.title, *(line for s in template.sections for line in s.lines)):
        for name in line.names:
            if name not in known:
                yield _("Line %(line)d: there is no placeholder %(name)s in this notice.") % {
                    "line": line.number,
                    "name": "{" + name + "}",
                }
            elif name not in PLACEHOLDER_LABELS and line.passage != name:
                yield _("Line %(line)d: %(name)s has to stand on a line of its own.") % {
                    "line": line.number,
                    "name": "{" + name + "}",
                }


def _faults_of_elements(place: TextSlot, template: Template) -> Iterator[str]:
    for section in template.sections:
        if section.element and section.element not in NoticeElement.values:
            yield _("Line %(line)d: there is no element %(name)s.") % {
                "line": section.number,
                "name": section.element,
            }
    for element in sorted(required_elements(place)):
        words = template.section(element)
        named = {"what": NoticeElement(element).label, "name": element}
        if words is None or not any(line.kind != "heading" for line in words.lines):
            yield _("The law says that this notice tells %(what)s: add [[%(name)s]].") % named
        else:
            for name in sorted(REQUIRED_PLACEHOLDERS.get(element, frozenset()) - words.names):
                yield _("The words under [[%(name)s]] need %(placeholder)s.") % {
                    **named,
                    "placeholder": "{" + name + "}",
                }
    named_anywhere = {name for section in template.sections for name in section.names}
    if place.kind == NoticeKind.ANSWER and "parts" not in named_anywhere:
        yield _("The answer needs %(placeholder)s.") % {"placeholder": "{parts}"}


def required_elements(place: TextSlot) -> frozenset[str]:
    """Return what a text must say there: for its regime, or for all that have no own text."""
    regimes = all_regimes() if not place.regime else _regime(place.regime)
    return frozenset(
        element
        for regime in regimes
        if place.regime or not _has_own_text(regime.code, place)
        for element in elements_prescribed(regime, place.kind, ItemKind.values)
    )


def elements_prescribed(
    regime: Regime, kind: str, item_kinds: Iterable[str] = ()
) -> tuple[str, ...]:
    """Return what a regime says that a notice must contain; nothing where it is silent.

    `item_kinds` are those of the items that it tells of: of some a law says more.
    """
    rule = regime.notices.get(kind)
    return rule.elements_for(item_kinds) if rule else ()


def _regime(code: str) -> tuple[Regime, ...]:
    return tuple(regime for regime in all_regimes() if regime.code == code)


def _has_own_text(code: str, place: TextSlot) -> bool:
    own = TextSlot(code, place.kind, place.language)
    return (code, place.kind, place.language) in bundled_texts() or published_texts(own).exists()


def _add(place: TextSlot, body: str, *, author: str, reason: str) -> NoticeText:
    last = (
        NoticeText.objects.filter(regime=place.regime, kind=place.kind, language=place.language)
        .order_by("-number")
        .values_list("number", flat=True)
        .first()
    )
    return NoticeText.objects.create(
        regime=place.regime,
        kind=place.kind,
        language=place.language,
        number=(last or 0) + 1,
        body=body,
        digest=_digest(body),
        author=author,
        reason=reason,
    )


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def _lock(place: TextSlot) -> None:
    """Let two writers at one place take turns until their transactions end."""
    name = f"{place.regime}|{place.kind}|{place.language}".encode()
    number = int.from_bytes(hashlib.sha256(b"notice text|" + name).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def _record(event: str, version: NoticeText, actor: Actor) -> None:
    append(
        name=event,
        role=actor.role,
        actor=actor.pseudonym,
        facts={
            "notice": version.kind,
            "regime": version.regime,
            "language": version.language,
            "version": version.number,
            "sha256": version.digest,
        },
    )


@dataclass(frozen=True, slots=True)
class ActiveSlot:
    """A place that has a text: the version in use, None for the one that came with the software.

    `draft` is the newest version where that is newer than the one in use.
    """

    place: TextSlot
    version: NoticeText | None
    published_at: datetime | None
    draft: NoticeText | None


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A line of the difference between two versions; `sign` is '+', '-' or ' '."""

    sign: str
    text: str


def active_slots() -> list[ActiveSlot]:
    """Return every place that has a text, by kind, regime and language. One query."""
    versions: dict[TextSlot, list[NoticeText]] = {}
    rows = NoticeText.objects.select_related("publication").defer("body").order_by("number")
    for row in rows:
        versions.setdefault(TextSlot(row.regime, row.kind, row.language), []).append(row)
    # Of a language that is not offered any more nothing is in use; its versions are kept.
    offered = languages()
    places = {TextSlot(*key) for key in bundled_texts()} | versions.keys()
    order: dict[str, int] = {kind: number for number, kind in enumerate(NoticeKind)}
    ordered = sorted(
        (place for place in places if place.language in offered),
        key=lambda place: (order[place.kind], place.regime, offered.index(place.language)),
    )
    return [_in_use(place, versions.get(place, [])) for place in ordered]


def _in_use(place: TextSlot, versions: list[NoticeText]) -> ActiveSlot:
    published = [version for version in versions if hasattr(version, "publication")]
    current = max(published, key=lambda version: version.publication.pk, default=None)
    written = [version for version in versions if version.author]
    newest = written[-1] if written else None
    is_draft = newest is not None and not hasattr(newest, "publication")
    return ActiveSlot(
        place, current, current.publication.at if current else None, newest if is_draft else None
    )


def versions_at(place: TextSlot) -> QuerySet[NoticeText]:
    """Return the versions of a place, newest first, with their publications."""
    return (
        NoticeText.objects.filter(regime=place.regime, kind=place.kind, language=place.language)
        .select_related("publication")
        .order_by("-number")
    )


def previous_body(version: NoticeText) -> str:
    """Return the text that came before a version: the version before it, or the shipped text."""
    place = TextSlot(version.regime, version.kind, version.language)
    before = versions_at(place).filter(number__lt=version.number).first()
    if before is not None:
        return before.body
    return "" if not version.author else _shipped(place)


def _shipped(place: TextSlot) -> str:
    texts = bundled_texts()
    return texts.get((place.regime, place.kind, place.language)) or texts.get(
        ("", place.kind, place.language), ""
    )


def changed_lines(before: str, after: str) -> Iterator[ChangedLine]:
    """Yield the lines of two texts, each with the sign of what became of it."""
    for line in difflib.ndiff(before.splitlines(), after.splitlines()):
        if not line.startswith("?"):
            yield ChangedLine(line[0], line[2:])

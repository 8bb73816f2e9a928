"""Clauses: sentences of notices that say something of the provider, which counsel attests.

What a notice says of the case is computed from the case; what it says of datasets stands in the
register. That no machine decides alone, or that proof of identity is deleted, follows from neither:
somebody who answers for it says that it is true here, in these words, and when. A clause that
nobody attests, or whose words changed since, is not sent.

The words are those of `texts/<language>/clauses.toml`, or the provider's own, which are attested
together with the sentence. In a text a clause stands as `{clause_<code>}`.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.accounts.actors import OFFICERS, Actor, require_role
from workflows.common.errors import InvalidInput
from workflows.common.inputs import require_text
from workflows.ledger.append import append
from workflows.ledger.canonical import canonical_json
from workflows.notices.languages import FOLDER, languages
from workflows.notices.models import ClauseAttestation

PREFIX = "clause_"
MAX_OFFICE = 200
# What each is about, for staff; the words of a clause are in the languages of notices.
CLAUSES = {
    "automated_decisions": gettext_lazy("No decision by a machine alone"),
    "how_models_work": gettext_lazy("How a model works"),
    "identity_use": gettext_lazy("What proof of identity is used for"),
    "processing_rules": gettext_lazy("How contents are processed"),
    "record_use": gettext_lazy("What the record of a request is used for"),
    "verification_process": gettext_lazy("How identity is verified"),
}
PLACEHOLDERS = frozenset(f"{PREFIX}{code}" for code in CLAUSES)


@cache
def shipped_words(language: str) -> Mapping[str, str]:
    """Return the words that came with the software, by clause; none where a language has none."""
    path = FOLDER / language / "clauses.toml"
    if not path.exists():
        return {}
    return tomllib.loads(path.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause as it stands now: its words by language, and what was last attested of it."""

    code: str
    words: Mapping[str, str]
    last: ClauseAttestation | None

    @property
    def label(self) -> str:
        """Return what it is about, in the active language."""
        return str(CLAUSES[self.code])

    @property
    def version(self) -> str:
        """Return the hex SHA-256 of the canonical JSON of its words in all languages."""
        return hashlib.sha256(canonical_json(dict(self.words))).hexdigest()

    @property
    def is_attested(self) -> bool:
        """Return whether it may be sent: these words were attested, and that was not taken back."""
        return (
            self.last is not None and not self.last.withdrawn and self.last.version == self.version
        )

    @property
    def has_changed(self) -> bool:
        """Return whether other words than these were attested."""
        return self.last is not None and not self.last.withdrawn and not self.is_attested

    @property
    def state(self) -> str:
        """Return how it stands, in the active language."""
        if self.is_attested:
            return _("Attested")
        if self.has_changed:
            return _("Its words changed since it was attested")
        return _("Withdrawn") if self.last else _("Not attested")

    @property
    def languages(self) -> list[tuple[str, str]]:
        """Return its words with the code of each language."""
        return list(self.words.items())


def clauses() -> list[Clause]:
    """Return every clause, with one query."""
    last: dict[str, ClauseAttestation] = {}
    for row in ClauseAttestation.objects.order_by("id"):
        last[row.clause] = row
    return [Clause(code, _words(code, last.get(code)), last.get(code)) for code in CLAUSES]


def clause_named(code: str) -> Clause:
    """Return a clause. Raises `LookupError`."""
    return next((each for each in clauses() if each.code == code), None) or _unknown(code)


def _unknown(code: str) -> Clause:
    raise LookupError(f"There is no clause {code}.")


def _words(code: str, last: ClauseAttestation | None) -> dict[str, str]:
    """Return the words in every language that is offered: the provider's own, else the shipped."""
    own = last.own_words if last else {}
    return {
        language: own.get(language) or shipped_words(language).get(code, "")
        for language in languages()
    }


def open_clauses() -> list[Clause]:
    """Return the clauses that nobody attests as they stand now."""
    return [clause for clause in clauses() if not clause.is_attested]


def attest(
    code: str,
    actor: Actor,
    office: str,
    on: date,
    *,
    words: Mapping[str, str] | None = None,
    version: str = "",
) -> ClauseAttestation:
    """Attest that a clause is true here, for an office that answers for it, as of a day.

    `words` are the provider's own, by language; without them the clause stands as it is. With a
    `version`, that of the words which were read: they may have changed meanwhile. Raises
    `InvalidInput`, `Refused`, `LookupError`.
    """
    role = require_role(actor, OFFICERS)
    office = require_text(office)[:MAX_OFFICE]
    if on > timezone.localdate():
        raise InvalidInput(_("A clause cannot be attested for a day that is still to come."))
    with transaction.atomic():
        clause = clause_named(code)
        own = _own_words(clause, words)
        attested = Clause(code, {**clause.words, **own}, None)
        if version and version != clause.version:
            raise InvalidInput(_("The words have changed meanwhile. Read them once more."))
        row = ClauseAttestation.objects.create(
            clause=code,
            version=attested.version,
            own_words=own,
            office=office,
            attested_on=on,
            attested_by=actor.pseudonym,
        )
        _record("clause.attested", row, actor, role)
    return row


def withdraw(code: str, actor: Actor) -> ClauseAttestation:
    """Take back that a clause is true here: it is not sent any more. Raises as `attest` does."""
    role = require_role(actor, OFFICERS)
    with transaction.atomic():
        clause = clause_named(code)
        if clause.last is None or clause.last.withdrawn:
            raise InvalidInput(_("This clause is not attested."))
        row = ClauseAttestation.objects.create(
            clause=code,
            version=clause.version,
            own_words=clause.last.own_words,
            office=clause.last.office,
            attested_on=timezone.localdate(),
            attested_by=actor.pseudonym,
            withdrawn=True,
        )
        _record("clause.withdrawn", row, actor, role)
    return row


def _own_words(clause: Clause, words: Mapping[str, str] | None) -> dict[str, str]:
    """Return the words that are not the shipped ones. Raises `InvalidInput`."""
    typed = {**clause.words, **(words or {})}
    own = {}
    for language in languages():
        text = " ".join(typed[language].split())
        if not text:
            raise InvalidInput(_("The clause has to have words in every language."))
        if text != shipped_words(language).get(clause.code, ""):
            own[language] = require_text(text)
    return own


def _record(event: str, row: ClauseAttestation, actor: Actor, role: str) -> None:
    append(
        name=event,
        role=role,
        actor=actor.pseudonym,
        facts={
            "clause": row.clause,
            "sha256": row.version,
            "on": row.attested_on.isoformat(),
        },
    )


def words_of(found: Iterable[Clause], language: str) -> dict[str, str]:
    """Return the words of clauses in a language, by placeholder."""
    return {f"{PREFIX}{clause.code}": clause.words.get(language, "") for clause in found}

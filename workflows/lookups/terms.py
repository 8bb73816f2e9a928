"""What is looked for: everything by which the subject of a case can be found."""

from collections.abc import Iterable, Iterator

from workflows.cases.models import Case, Person
from workflows.corpus.values import Identifier, Kind
from workflows.vocabulary.people import IdentifierKind, RequesterRole

_KINDS = {
    IdentifierKind.NAME: Kind.NAME,
    IdentifierKind.EMAIL: Kind.EMAIL,
    IdentifierKind.PHONE: Kind.PHONE,
    IdentifierKind.HANDLE: Kind.HANDLE,
    IdentifierKind.URL: Kind.URL,
    IdentifierKind.NATIONAL_ID: Kind.ID,
    # Whatever else it is, it is found as it is written.
    IdentifierKind.OTHER: Kind.HANDLE,
}


def search_terms(case: Case) -> list[Identifier]:
    """Return the identifiers of the subject, each once, with the id of the case as `ref`.

    Someone who files for another is not looked for: only the subject is.
    """
    found = dict.fromkeys((kind, value.strip()) for kind, value in _terms(case))
    return [Identifier(str(case.pk), kind, value) for kind, value in found if value]


def _terms(case: Case) -> Iterator[tuple[Kind, str]]:
    for person in case.people.all():
        if person.part == Person.Part.SUBJECT:
            yield Kind.NAME, person.name
            # Of the contact that was given, only one's own leads to oneself.
            if case.requester_role == RequesterRole.SELF:
                yield Kind.EMAIL, person.email
                yield Kind.PHONE, person.phone
    for identifier in case.identifiers.all():
        yield _KINDS[IdentifierKind(identifier.kind)], identifier.value
    for spelling in case.spellings.all():
        yield Kind(spelling.kind), spelling.value


def terms_of_all(cases: Iterable[Case]) -> list[Identifier]:
    """Return the identifiers of many cases; those that were erased have none left."""
    return [term for case in cases if case.erased_at is None for term in search_terms(case)]

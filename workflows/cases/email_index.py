"""The addresses by which a case is found, from its sealed rows."""

from workflows.cases.filing import EMAIL_INDEX
from workflows.cases.models import Case
from workflows.mail.addresses import normalise_email
from workflows.vault.blind_index import index_anew
from workflows.vault.rotation import RotationStep
from workflows.vocabulary.people import IdentifierKind


def addresses_of(case: Case) -> set[str]:
    """Return the normalised addresses with which a case was filed. Raises `Shredded`.

    What came with a merged case is found by that case.
    """
    found = {person.email for person in case.people.all()}
    for identifier in case.identifiers.all():
        if identifier.kind == IdentifierKind.EMAIL and identifier.carried_from_id is None:
            found.add(identifier.value)
    return {normalise_email(address) for address in found if address.strip()}


def _index_anew(case: Case) -> int:
    return index_anew(case.data_key, EMAIL_INDEX, addresses_of(case))


RENEW_ADDRESSES = RotationStep(
    "addresses of cases",
    lambda: (
        Case.objects.filter(erased_at=None)
        .select_related("data_key")
        .prefetch_related("people", "identifiers")
    ),
    _index_anew,
)

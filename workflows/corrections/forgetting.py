"""What goes when a case is erased, and what must stay so that the erasure holds."""

from workflows.cases.models import Case
from workflows.vault.fields import erase_sealed


def forget_case(case: Case) -> None:
    """Erase what corrections hold of a person; call in the transaction that erases the case.

    Keyed hashes of suppressed phrases stay: without them the model would speak of the person again.
    """
    erase_sealed(case.suppressions.all())

"""The public key that a regulator keeps here, to which exports are encrypted on demand."""

from workflows.reports.bundle_encryption import checked_recipient
from workflows.reports.models import RegulatorAccount


def keep_recipient(account: RegulatorAccount, text: str) -> str:
    """Keep an age recipient for the next exports, or none for an empty text; return it.

    Raises `InvalidInput` for what is none.
    """
    account.age_recipient = checked_recipient(text)
    account.save(update_fields=["age_recipient"])
    return account.age_recipient

"""The public key that a regulator keeps here, to which exports are encrypted on demand."""

from workflows.accounts.models import RegulatorAccount
from workflows.exports.encryption import checked_recipient


def keep_recipient(account: RegulatorAccount, text: str) -> str:
    """Keep an age recipient for the next exports, or none for an empty text; return it.

    Raises `InvalidInput` for what is none.
    """
    account.age_recipient = checked_recipient(text)
    account.save(update_fields=["age_recipient"])
    return account.age_recipient

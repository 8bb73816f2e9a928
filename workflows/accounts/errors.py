"""What is refused about accounts. Nothing has been changed when one of these is raised."""

from django.utils.translation import gettext as _

from workflows.common.errors import DomainError


class ApprovalRefused(DomainError):
    """This cannot be asked for, or not be decided by this person, or not now."""


class InvalidInvitation(DomainError):
    """The link is unknown, used, revoked or too old; says the same in each case."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "This link is not valid any more. It may have been used already, be too old, or "
                "have been replaced by a newer one. Ask an administrator for another."
            )
        )

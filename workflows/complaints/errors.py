"""Errors of complaints. Nothing has been changed when one is raised."""

from django.utils.translation import gettext as _

from workflows.common.errors import DomainError
from workflows.complaints.names import REASONS


class ComplaintRefused(DomainError):
    """The lifecycle does not allow this action now. `reason` is a code of `REASONS`."""

    def __init__(self, action: str, reason: str) -> None:
        self.action = action
        self.reason = reason
        super().__init__(str(REASONS[reason]))


class ComplaintOpen(DomainError):
    """There is an open complaint about the case already."""

    def __init__(self) -> None:
        super().__init__(
            _("Your earlier complaint is still open. Write to us if you want to add to it.")
        )

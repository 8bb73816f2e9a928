"""Who acts: the roles, and what they are called on a screen."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Role(StrEnum):
    """Who acts. The agent organisation files and follows as `public` does, through its API."""

    PUBLIC = "public"
    SYSTEM = "system"
    INTAKE = "intake"
    REVIEWER = "reviewer"
    APPROVER = "approver"
    DATA_STEWARD = "data_steward"
    PRIVACY_OFFICER = "privacy_officer"
    ADMINISTRATOR = "administrator"
    REGULATOR = "regulator"


ROLE_NAMES = {
    Role.PUBLIC: _("Requester"),
    Role.SYSTEM: _("System"),
    Role.INTAKE: _("Intake"),
    Role.REVIEWER: _("Reviewer"),
    Role.APPROVER: _("Approver"),
    Role.DATA_STEWARD: _("Data steward"),
    Role.PRIVACY_OFFICER: _("Privacy officer"),
    Role.ADMINISTRATOR: _("Administrator"),
    Role.REGULATOR: _("Regulator"),
}

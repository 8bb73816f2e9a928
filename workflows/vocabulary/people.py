"""Who files, how well they are known, and by what a person is found."""

from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class RequesterRole(TextChoices):
    """For whom, and by what right, a request is filed."""

    SELF = "self", _("Myself")
    GUARDIAN = "guardian", _("A child or a person in my care")
    NEAR_RELATIVE = "near_relative", _("A relative who has died")
    AGENT = "agent", _("Someone who asked me to act for them")


# Who has filed, for those who read the case; the labels above are what they ticked.
FILED_BY: dict[str, Any] = {
    RequesterRole.SELF: _("The person concerned"),
    RequesterRole.GUARDIAN: _("A parent or guardian"),
    RequesterRole.NEAR_RELATIVE: _("A near relative of a person who has died"),
    RequesterRole.AGENT: _("Somebody acting for the person"),
}


class IdentifierKind(TextChoices):
    """Something by which the subject can be found in a dataset."""

    NAME = "name", _("Name or other spelling of the name")
    EMAIL = "email", _("E-mail address")
    PHONE = "phone", _("Phone number")
    HANDLE = "handle", _("User name or handle")
    URL = "url", _("Web address")
    NATIONAL_ID = "national_id", _("Identity number")
    OTHER = "other", _("Something else")


class Channel(TextChoices):
    """How the request reached the provider."""

    WEB = "web", _("Web form")
    API = "api", _("API")
    DRP = "drp", _("Data Rights Protocol")
    STAFF = "staff", _("Entered by staff")


class Assurance(TextChoices):
    """How well the requester is known, weakest first."""

    NONE = "none", _("Not known")
    CONTACT = "contact", _("Contact confirmed")
    MATCHED = "matched", _("Data points matched")
    DOCUMENT = "document", _("Document checked")
    MANDATE = "mandate", _("Mandate checked")


# What a member of staff may find out about who asks; a confirmed contact is found out by a link.
ACCEPTED_BY_STAFF = (Assurance.CONTACT, Assurance.MATCHED, Assurance.DOCUMENT, Assurance.MANDATE)
_ASSURANCE_ORDER = list(Assurance)


def assurance_suffices(held: str, needed: str) -> bool:
    """Return whether the assurance `held` is at least as strong as the one `needed`."""
    return _ASSURANCE_ORDER.index(Assurance(held)) >= _ASSURANCE_ORDER.index(Assurance(needed))

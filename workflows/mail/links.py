"""Absolute addresses for mails: the one place where the domain knows where its pages are.

Built from the setting `PUBLIC_BASE_URL`, never from a request, whose host a stranger can choose.
A test of the portal holds these paths against its routes.
"""

from urllib.parse import urlsplit

from django.conf import settings


def public_link(language: str, path: str) -> str:
    """Return the address of a page for people: base, language code, `path` ("status/").

    There is no page in a language that is not offered any more; English always is.
    """
    offered = language if language in dict(settings.LANGUAGES) else "en"
    return f"{settings.PUBLIC_BASE_URL}/{offered}/{path}"


def status_link(language: str) -> str:
    """Return where a person enters case number and receipt."""
    return public_link(language, "status/")


def confirm_contact_link(language: str, token: str) -> str:
    """Return the page with the button that confirms a contact."""
    return public_link(language, f"confirm/{token}/")


def confirm_recipient_link(language: str, token: str) -> str:
    """Return the page on which a recipient of data reads of a change and confirms it."""
    return public_link(language, f"recipients/{token}/")


def staff_case_link(case_id: object) -> str:
    """Return the case page in the staff's area; it carries no language."""
    return f"{settings.PUBLIC_BASE_URL}/staff/cases/case/{case_id}/change/"


def invitation_link(token: str) -> str:
    """Return the page on which somebody sets the password of their account."""
    return f"{settings.PUBLIC_BASE_URL}/accounts/invitation/{token}/"


def approvals_link() -> str:
    """Return the list of what waits for a second person."""
    return f"{settings.PUBLIC_BASE_URL}/staff/accounts/approvalrequest/?state=mine"


def account_log_link() -> str:
    """Return the account log in the staff's area."""
    return f"{settings.PUBLIC_BASE_URL}/staff/accounts/accountevent/"


def mail_domain() -> str:
    """Return the host name for Message-IDs."""
    return urlsplit(settings.PUBLIC_BASE_URL).hostname or "localhost"

"""What follows a commit for accounts: the link for a password, and word to privacy officers."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage

from workflows.accounts.account_log import ACCOUNT_EVENTS, TELL, account_events, details
from workflows.accounts.invitations import MAIL, VALID_FOR, open_link
from workflows.accounts.models import AccountEvent, Invitation
from workflows.mail import links
from workflows.mail.outbound import compose, may_send, next_quota_reset
from workflows.outbox.models import Effect
from workflows.outbox.services import RetryAt, mail_handler
from workflows.vocabulary.roles import Role


@mail_handler(MAIL)
def invitation_mail(effect: Effect) -> EmailMessage | None:
    """Compose the mail with the link that sets a password, unless it was revoked meanwhile."""
    invitation = (
        Invitation.objects.select_related("account")
        .select_for_update(of=("self",))
        .get(pk=effect.payload["invitation"])
    )
    if invitation.revoked_at or invitation.used_at or not invitation.account.email:
        return None
    values = {
        "link": links.invitation_link(open_link(invitation, effect.pk)),
        "invited": invitation.purpose == Invitation.Purpose.INVITE,
        "days": VALID_FOR.days,
        "username": invitation.account.get_username(),
    }
    return _mail("invitation", invitation.account.email, effect, values)


@mail_handler(TELL)
def officer_mail(effect: Effect) -> EmailMessage | None:
    """Compose the mail that tells a privacy officer what happened to an account, and by whom."""
    officer = User.objects.filter(pk=effect.payload["officer"]).first()
    event = account_events(AccountEvent.objects.filter(uid=effect.payload["event"])).first()
    if officer is None or event is None or not officer.email:
        return None
    who = getattr(event, "person", None) or event.actor
    values = {
        "what": ACCOUNT_EVENTS[event.name],
        "details": details(event),
        "who": "" if event.role == Role.SYSTEM else who,
        "whom": getattr(event, "concerned", None) or "",
        "at": event.at,
        "asks": event.name == "approval.requested",
        "approvals_link": links.approvals_link(),
        "log_link": links.account_log_link(),
    }
    return _mail("account_event", officer.email, effect, values)


def _mail(
    template: str, address: str, effect: Effect, values: dict[str, Any]
) -> EmailMessage | None:
    # A second person has approved the address of everybody who is mailed here.
    if not may_send(effect, address, confirmed=True):
        raise RetryAt(next_quota_reset())
    values = {"provider_name": settings.PROVIDER_NAME, **values}
    return compose(template, [address], settings.LANGUAGE_CODE, effect, values)

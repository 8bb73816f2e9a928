"""What waits for a second person's approval, the links with which people set a password, the log.

The database itself refuses that somebody decides on what they asked for or on themselves, and
that anything counts as approved without a second person unless an exemption is named.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workflows.accounts.models.pipelines import PipelineToken
from workflows.accounts.models.regulators import RegulatorToken
from workflows.ledger.models import Event


class ApprovalRequest(models.Model):
    """A change of an account that takes effect when a second person has approved it.

    Personal data: the links to the accounts of who asked, who decided and who is concerned; in
    `terms` of a change of address the new address, until it is decided.
    """

    class Kind(models.TextChoices):
        """What is to be done."""

        INVITE = "invite", _("Invite to a new account")
        ROLES = "roles", _("Give roles")
        ACTIVATE = "activate", _("Let in again")
        ADDRESS = "address", _("Change the e-mail address")
        PASSWORD = "password", _("Mail a link for a new password")
        SECOND_FACTOR = "second_factor", _("Remove the second factor")
        ADMISSION = "admission", _("Show the cases of a regime to a regulator")
        REGULATOR_TOKEN = "regulator_token", _("Regulator's API token")
        PIPELINE_TOKEN = "pipeline_token", _("Pipeline's API token")

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", _("waiting for approval")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("expired")

    class Exemption(models.TextChoices):
        """Why nobody else had to approve."""

        FIRST_ACCOUNTS = "first_accounts", _("before there were two people who can approve")
        COMMAND = "command", _("approved by a command on the server")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("what"), max_length=20, choices=Kind.choices)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="approval_requests",
        verbose_name=_("account"),
    )
    regulator_token = models.ForeignKey(
        RegulatorToken, on_delete=models.CASCADE, null=True, related_name="approval_requests"
    )
    pipeline = models.ForeignKey(
        PipelineToken, on_delete=models.CASCADE, null=True, related_name="approval_requests"
    )
    # What is to be given, as `approvals` writes it: roles, an address, or a regime and until when.
    terms = models.JSONField(_("terms"), default=dict)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("asked for by"),
    )
    requested_at = models.DateTimeField(_("asked for"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"))
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    exemption = models.CharField(
        _("without a second person"), max_length=20, choices=Exemption.choices, blank=True
    )

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        ordering = ["-requested_at"]
        default_permissions = ("view",)
        permissions = [("decide_approvalrequest", "Can approve or reject what others asked for")]
        constraints = [
            models.CheckConstraint(
                name="nobody_decides_on_their_own_request",
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")),
            ),
            models.CheckConstraint(
                name="nobody_decides_on_themselves",
                condition=Q(decided_by=None) | Q(account=None) | ~Q(decided_by=F("account")),
            ),
            models.CheckConstraint(
                name="nobody_asks_about_themselves",
                condition=Q(kind="regulator_token")
                | Q(account=None)
                | ~Q(requested_by=F("account")),
            ),
            models.CheckConstraint(
                name="approved_by_a_second_person",
                condition=~Q(state="approved")
                | Q(decided_by__isnull=False, exemption="")
                | Q(decided_by__isnull=True, exemption__in=["first_accounts", "command"]),
            ),
            models.UniqueConstraint(
                name="one_waiting_approval_of_a_kind",
                fields=["account", "kind"],
                condition=Q(state="waiting"),
            ),
            models.UniqueConstraint(
                name="one_waiting_approval_of_a_pipeline",
                fields=["pipeline"],
                condition=Q(state="waiting"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.Kind(self.kind).label)

    @property
    def state_now(self) -> State:
        """The state; what nobody decided in time has expired, whether marked so or not."""
        if self.state == self.State.WAITING and self.expires_at <= timezone.now():
            return self.State.EXPIRED
        return self.State(self.state)


class Invitation(models.Model):
    """A mailed link with which somebody sets the password of one account, once.

    Personal data: the link to the account; only the keyed hash of the secret is stored.
    """

    class Purpose(models.TextChoices):
        """What the link is for."""

        INVITE = "invite", _("a new account")
        RESET = "reset", _("a new password")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="invitations"
    )
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose.choices)
    token_digest = models.BinaryField(max_length=32, null=True, unique=True, editable=False)
    created_at = models.DateTimeField(_("made"), default=timezone.now)
    # Both are set when the link is mailed.
    sent_at = models.DateTimeField(_("sent"), null=True)
    expires_at = models.DateTimeField(_("expires"), null=True)
    used_at = models.DateTimeField(_("used"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-created_at"]
        default_permissions = ()


class AccountEvent(Event):
    """A step of the log about an account; see `account_log`.

    Personal data: none beyond what the log holds.
    """

    class Meta:
        proxy = True
        verbose_name = _("account event")
        verbose_name_plural = _("account log")
        default_permissions = ("view",)

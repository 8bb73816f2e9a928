"""Which regulator sees the cases of which law, and until when. Tokens they make for themselves."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from requests_portal.sign_in.adapters import fresh_sign_in_required
from requests_portal.sign_in.people import actor_of, display_name, user_of
from requests_portal.staff.base.model_admin import KEPT, ConfirmActionMixin, action, column
from requests_portal.staff.operation.accounts import say_what_waits
from workflows.accounts.changes import admit_regulator
from workflows.accounts.errors import ApprovalRefused
from workflows.accounts.models import RegulatorAccount
from workflows.accounts.regulators import live_accounts, live_tokens
from workflows.accounts.tokens import revoke_all
from workflows.regimes.applicability import NEUTRAL
from workflows.regimes.services import all_regimes
from workflows.vocabulary.roles import Role


class RegulatorForm(forms.ModelForm):
    """An account of the role "regulator", and the one regime whose cases it may see."""

    regime = forms.ChoiceField(
        label=gettext_lazy("Regime"), choices=(), widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regime = cast(forms.ChoiceField, self.fields["regime"])
        regime.choices = [(each.code, each.code) for each in all_regimes() if each.code != NEUTRAL]
        if "user" in self.fields:
            user = cast(Any, self.fields["user"])
            officers = Q(groups__name=Role.REGULATOR, is_staff=False)
            free = User.objects.filter(officers, regulator=None)
            user.queryset = free.distinct()
            user.label_from_instance = display_name


@admin.register(RegulatorAccount)
class RegulatorAccountAdmin(ConfirmActionMixin):
    """Regulators' accounts: one regime each, until a date, both approved by a second person."""

    # An account expires; what it exported stays traceable.
    forbidden = KEPT

    form = RegulatorForm
    list_display = ("regime", "authority", "user", "expires_at", "live", "has_token")
    list_display_links = ("regime", "authority")
    list_select_related = ("user",)
    fields = ("user", "regime", "authority", "expires_at")
    actions_detail = ("revoke_tokens",)

    def get_readonly_fields(
        self, request: HttpRequest, obj: RegulatorAccount | None = None
    ) -> list[str] | tuple[str, ...]:
        """Keep an account with its owner."""
        return ("user",) if obj is not None else ()

    def is_offered(self, entry: RegulatorAccount, path: str) -> bool:
        """Offer to revoke tokens where there are any."""
        return live_tokens().filter(account=entry).exists()

    def get_queryset(self, request: HttpRequest) -> QuerySet[RegulatorAccount]:
        """Return the accounts, each knowing whether it can be used now, and by programs as well."""
        accounts: QuerySet[RegulatorAccount] = super().get_queryset(request)
        return accounts.annotate(
            is_live=Exists(live_accounts().filter(pk=OuterRef("pk"))),
            is_read=Exists(live_tokens().filter(account=OuterRef("pk"))),
        )

    live = column(
        gettext_lazy("live"), lambda account: bool(getattr(account, "is_live", False)), boolean=True
    )
    has_token = column(
        gettext_lazy("API token"),
        lambda account: bool(getattr(account, "is_read", False)),
        boolean=True,
    )

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask for a fresh sign-in: who sees which cases is a role."""
        return fresh_sign_in_required(super().changeform_view)(request, *args, **kwargs)

    def save_model(
        self,
        request: HttpRequest,
        obj: RegulatorAccount,
        form: Any,
        change: bool,
    ) -> None:
        """Bring the end forward at once; have everything else approved."""
        try:
            asked = admit_regulator(obj, user_of(request))
        except ApprovalRefused as refused:
            messages.error(request, str(refused))
        else:
            say_what_waits(request, [asked] if asked else [])

    def log_change(self, request: HttpRequest, obj: RegulatorAccount, message: Any) -> Any:
        """Leave it to the log, which knows what really changed."""

    def log_addition(self, request: HttpRequest, obj: RegulatorAccount, message: Any) -> Any:
        """Leave it to the log."""

    def response_add(
        self, request: HttpRequest, obj: RegulatorAccount, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the list; what was done has been told."""
        return HttpResponseRedirect(reverse("admin:accounts_regulatoraccount_changelist"))

    def response_change(self, request: HttpRequest, obj: RegulatorAccount) -> HttpResponse:
        """Show the list; what was done has been told."""
        return HttpResponseRedirect(reverse("admin:accounts_regulatoraccount_changelist"))

    @action(
        description=gettext_lazy("Revoke the API tokens"), url_path="revoke", permissions=["change"]
    )
    def revoke_tokens(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End every token of a regulator."""
        return fresh_sign_in_required(self.ask)(
            request,
            object_id,
            intro=_(
                "Programs of this regulator are refused from now on, until a new token is approved."
            ),
            button=_("Revoke the API tokens"),
            do=lambda account, _typed: revoke_all(account, actor_of(request)),
        )

"""People and roles, and the accounts of regulators: what an administrator keeps, and no case."""

from typing import Any, cast

import allauth.account.admin
import allauth.mfa.admin
import django.contrib.auth.admin as auth_admin
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import Group, User
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from requests_portal.accounts import fresh_sign_in_required
from requests_portal.staff.account_log import record_access, record_account_event, record_roles
from requests_portal.staff.base_admin import StaffAdmin
from requests_portal.staff.people import display_name
from workflows.cases.actors import STAFF_ROLES
from workflows.cases.lifecycle import Role
from workflows.cases.state_names import ROLE_NAMES
from workflows.reports.models import RegulatorAccount
from workflows.reports.scope import issue_token, live_accounts

# Imported so that what they register can be taken off again: accounts have one page, this one.
assert allauth.account.admin
assert allauth.mfa.admin
for _model in (User, Group, EmailAddress, Authenticator):
    admin.site.unregister(_model)

STAFF_GROUPS = frozenset(role.value for role in STAFF_ROLES)


class RolesField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # none at run time
    """Chooses roles by their names on the screen."""

    widget = UnfoldAdminCheckboxSelectMultipleWidget

    def label_from_instance(self, obj: Group) -> str:
        """Return the name of the role."""
        return str(ROLE_NAMES[Role(obj.name)])

    def clean(self, value: Any) -> QuerySet[Group]:
        """Refuse that one person is staff and regulator at once."""
        groups: QuerySet[Group] = super().clean(value)
        names = {group.name for group in groups}
        if Role.REGULATOR in names and names & STAFF_GROUPS:
            raise forms.ValidationError(_("A regulator cannot be a member of staff as well."))
        return groups


@admin.register(User)
class UserAdmin(auth_admin.UserAdmin, StaffAdmin):  # type: ignore[type-arg]  # none at run time
    """Accounts and their roles. Nobody changes roles of their own, and each change is logged."""

    form = UserChangeForm
    add_form = UserCreationForm
    add_form_template = "admin/change_form.html"
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "full_name", "role_names", "is_active", "protected", "last_login")
    list_filter = ("is_active", "groups")
    ordering = ("username",)
    filter_horizontal = ()
    actions = ("remove_second_factor",)
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (gettext_lazy("Person"), {"fields": ("first_name", "last_name", "email")}),
        (gettext_lazy("Roles"), {"fields": ("groups", "is_active")}),
        (gettext_lazy("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "first_name", "last_name", "email")}),
        (gettext_lazy("Roles"), {"fields": ("groups",)}),
        (gettext_lazy("Password"), {"fields": ("password1", "password2")}),
    )

    # --- Who may ---------------------------------------------------------------------------
    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Let only a superuser change a superuser."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Refuse: an account is made inactive, for the log names it."""
        return False

    def get_readonly_fields(
        self, request: HttpRequest, obj: User | None = None
    ) -> list[str] | tuple[str, ...]:
        """Keep one's own roles from being changed."""
        own = ("groups", "is_active") if obj == request.user else ()
        return (*super().get_readonly_fields(request, obj), *own)

    # --- The list --------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return the accounts with their roles, and whether they have a second factor."""
        second = Authenticator.objects.filter(user=OuterRef("pk"))
        accounts: QuerySet[User] = super().get_queryset(request)
        return accounts.prefetch_related("groups").annotate(has_second_factor=Exists(second))

    @admin.display(description=gettext_lazy("name"))
    def full_name(self, user: User) -> str:
        """Return the name."""
        return user.get_full_name() or "–"

    @admin.display(description=gettext_lazy("roles"))
    def role_names(self, user: User) -> SafeString:
        """Return the roles, one a line."""
        names = ((ROLE_NAMES[Role(group.name)],) for group in user.groups.all())
        return format_html_join(SafeString("<br>"), "{}", names)

    @admin.display(description=gettext_lazy("second factor"), boolean=True)
    def protected(self, user: User) -> bool:
        """Return whether the account has a second factor."""
        return bool(getattr(user, "has_second_factor", False))

    # --- The forms -------------------------------------------------------------------------
    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Show the roles as boxes to tick."""
        if db_field.name == "groups":
            return RolesField(
                Group.objects.filter(name__in=ROLE_NAMES).order_by("pk"),
                required=False,
                label=_("Roles"),
            )
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask for a fresh sign-in before an account is made or changed."""
        return fresh_sign_in_required(super().changeform_view)(request, *args, **kwargs)

    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask for a fresh sign-in before somebody's password is set."""
        return fresh_sign_in_required(super().user_change_password)(request, *args, **kwargs)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> Any:
        """Put a new password into the log beside Django's own entry."""
        if _is_password_change(request):
            record_account_event(request, "password.reset", obj)
        return super().log_change(request, obj, message)

    def save_related(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        """Save the roles, let those of staff into the staff's pages, and log what changed."""
        account: User = form.instance
        before = set(account.groups.values_list("name", flat=True))
        super().save_related(request, form, formsets, change)
        after = set(account.groups.values_list("name", flat=True))
        record_roles(request, account, before, after)
        if change:
            record_access(request, account, form.changed_data)
        is_staff = account.is_superuser or bool(after & STAFF_GROUPS)
        if account.is_staff != is_staff:
            account.is_staff = is_staff
            account.save(update_fields=["is_staff"])

    @admin.action(description=gettext_lazy("Remove the second factor"), permissions=["change"])
    def remove_second_factor(
        self, request: HttpRequest, queryset: QuerySet[User]
    ) -> HttpResponse | None:
        """Let people who lost their second factor set up another one."""
        return fresh_sign_in_required(self._remove_second_factor)(request, queryset)

    def _remove_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for account in queryset:
            if account == request.user or not self.has_change_permission(request, account):
                messages.warning(request, _("Left out: %(name)s") % {"name": account.username})
                continue
            Authenticator.objects.filter(user=account).delete()
            record_account_event(request, "second_factor.removed", account)
            messages.success(request, _("Removed for %(name)s.") % {"name": account.username})


def _is_password_change(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and match.url_name == "auth_user_password_change"


class RegulatorForm(forms.ModelForm):  # type: ignore[type-arg]  # none at run time
    """An account of the role "regulator", and the one regime whose cases it may see."""

    regime = forms.ChoiceField(
        label=gettext_lazy("Regime"), choices=(), widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regime = cast(forms.ChoiceField, self.fields["regime"])
        regime.choices = [(code, code) for code in settings.PROVIDER_REGIMES]
        user = cast(Any, self.fields["user"])
        officers = Q(groups__name=Role.REGULATOR, is_active=True, is_staff=False)
        # Whoever has the account already stays in it, or its day could not be brought forward.
        holder = Q(pk=self.instance.user_id)
        user.queryset = User.objects.filter(officers | holder).distinct()
        user.label_from_instance = display_name


@admin.register(RegulatorAccount)
class RegulatorAccountAdmin(StaffAdmin):
    """Regulators' accounts: one regime each, until a date, with a token for the API if wanted."""

    form = RegulatorForm
    list_display = ("regime", "authority", "user", "expires_at", "live", "has_token")
    list_display_links = ("regime", "authority")
    list_select_related = ("user",)
    fields = ("user", "regime", "authority", "expires_at")
    actions_detail = ("new_token",)

    def has_delete_permission(
        self, request: HttpRequest, obj: RegulatorAccount | None = None
    ) -> bool:
        """Refuse: an account expires; what it exported stays traceable."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[RegulatorAccount]:
        """Return the accounts, each knowing whether it can be used now."""
        accounts: QuerySet[RegulatorAccount] = super().get_queryset(request)
        return accounts.annotate(is_live=Exists(live_accounts().filter(pk=OuterRef("pk"))))

    @admin.display(description=gettext_lazy("live"), boolean=True)
    def live(self, account: RegulatorAccount) -> bool:
        """Return whether the account can be used now."""
        return bool(getattr(account, "is_live", False))

    @admin.display(description=gettext_lazy("API token"), boolean=True)
    def has_token(self, account: RegulatorAccount) -> bool:
        """Return whether a token was issued."""
        return account.token_digest is not None

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask for a fresh sign-in: who sees which cases is a role."""
        return fresh_sign_in_required(super().changeform_view)(request, *args, **kwargs)

    def save_model(
        self,
        request: HttpRequest,
        obj: RegulatorAccount,
        form: Any,
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        """Save, and log which regime the account may see and until when."""
        super().save_model(request, obj, form, change)
        facts = {"regime": obj.regime, "until": obj.expires_at.date().isoformat()}
        record_account_event(request, "regulator.admitted", obj.user, facts)

    @action(  # type: ignore[untyped-decorator]
        description=gettext_lazy("Issue an API token"), url_path="token", permissions=["change"]
    )
    def new_token(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask once more, then show a new token once; the one before it ends."""
        return fresh_sign_in_required(self._new_token)(request, object_id)

    def _new_token(self, request: HttpRequest, object_id: str) -> HttpResponse:
        account = self.get_object(request, object_id)
        if account is None:
            raise Http404
        token = ""
        if request.method == "POST":
            token = issue_token(account)
            record_account_event(request, "token.issued", account.user)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": format_html("{}: {}", account, _("API token")),
            "account": account,
            "token": token,
        }
        return TemplateResponse(request, "staff/token.html", context)

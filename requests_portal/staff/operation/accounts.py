"""People and roles: what an administrator keeps, and no case.

What takes access away takes effect at once; what gives it waits for a second person's approval.
Nobody sets a password of somebody else: a link is mailed, with which they set it themselves.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import allauth.account.admin
import allauth.mfa.admin
import django.contrib.auth.admin
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from requests_portal.sign_in.adapters import fresh_sign_in_required
from requests_portal.sign_in.people import user_of
from requests_portal.staff.base.model_admin import (
    KEPT,
    ConfirmActionMixin,
    EmptyForm,
    action,
    column,
)
from workflows.accounts.access import require_compatible, require_free_address
from workflows.accounts.approvals import waiting
from workflows.accounts.changes import (
    DesiredAccount,
    change_account,
    invite_again,
    invite_person,
    remove_second_factor,
    reset_password,
)
from workflows.accounts.errors import ApprovalRefused
from workflows.accounts.invitations import open_invitation, revoke, was_accepted
from workflows.accounts.models import ApprovalRequest, Invitation
from workflows.vocabulary.roles import ROLE_NAMES, Role

# Imported so that what they register can be taken off again: accounts have one page, this one.
assert allauth.account.admin
assert allauth.mfa.admin
assert django.contrib.auth.admin
for _model in (User, Group, EmailAddress, Authenticator):
    admin.site.unregister(_model)


class RolesField(forms.ModelMultipleChoiceField):
    """Chooses roles by their names on the screen."""

    widget = UnfoldAdminCheckboxSelectMultipleWidget

    def __init__(self, **kwargs: Any) -> None:
        groups = Group.objects.filter(name__in=ROLE_NAMES).order_by("pk")
        super().__init__(groups, label=_("Roles"), **kwargs)

    def label_from_instance(self, obj: Group) -> str:
        """Return the name of the role."""
        return str(ROLE_NAMES[Role(obj.name)])

    def clean(self, value: Any) -> QuerySet[Group]:
        """Refuse that one person is staff and regulator at once."""
        groups: QuerySet[Group] = super().clean(value)
        try:
            require_compatible(group.name for group in groups)
        except ApprovalRefused as refused:
            raise forms.ValidationError(str(refused)) from refused
        return groups


class AccountForm(forms.ModelForm):
    """An account and its address, which belongs to no other account."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "email" in self.fields:
            # Without an address no link can be mailed; an account may have been made without one.
            self.fields["email"].required = self.instance.pk is None or bool(self.instance.email)

    def clean_email(self) -> str:
        """Refuse the address of somebody else."""
        email = str(self.cleaned_data["email"])
        if email:
            try:
                require_free_address(email, self.instance)
            except ApprovalRefused as refused:
                raise forms.ValidationError(str(refused)) from refused
        return email


class InviteAgainForm(forms.Form):
    """The roles of somebody whose invitation came to nothing."""

    def __init__(self, *args: Any, roles: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = list(Group.objects.filter(name__in=list(roles)).values_list("pk", flat=True))
        self.fields["groups"] = RolesField(initial=chosen)


@admin.register(User)
class UserAdmin(ConfirmActionMixin):
    """Accounts and their roles. Nobody changes roles of their own, and each change is logged."""

    # An account is made inactive, for the log names it.
    forbidden = KEPT

    form = AccountForm
    list_display = ("username", "full_name", "role_names", "is_active", "protected", "last_login")
    list_filter = ("is_active", "groups")
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("username",)
    actions_detail = ("reset", "remove_factor", "send_again", "end_link")
    readonly_fields = ("last_login", "date_joined", "shown_waiting", "shown_link")
    fieldsets = (
        (None, {"fields": ("username", "shown_waiting", "shown_link")}),
        (gettext_lazy("Person"), {"fields": ("first_name", "last_name", "email")}),
        (gettext_lazy("Roles"), {"fields": ("groups", "is_active")}),
        (gettext_lazy("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": ("username", "first_name", "last_name", "email", "groups"),
                "description": gettext_lazy(
                    "A second person approves the invitation. Then a link is mailed to this "
                    "address, with which the person sets a password of their own."
                ),
            },
        ),
    )

    # --- Who may ---------------------------------------------------------------------------
    def has_change_permission(self, request: HttpRequest, obj: User | str | None = None) -> bool:
        """Let only a superuser change a superuser. The theme asks with the id of an account."""
        if isinstance(obj, str):
            obj = self.get_object(request, obj)
        if obj is not None and obj.is_superuser and not user_of(request).is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def get_readonly_fields(
        self, request: HttpRequest, obj: User | None = None
    ) -> list[str] | tuple[str, ...]:
        """Keep the user name, and one's own roles and address, from being changed."""
        always = super().get_readonly_fields(request, obj)
        if obj is None:
            return tuple(always)
        own = ("groups", "is_active", "email") if obj == request.user else ()
        return (*always, "username", *own)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Return what is asked of a new account, or what is shown of one."""
        return self.add_fieldsets if obj is None else super().get_fieldsets(request, obj)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse to search by what a password's hash begins with."""
        return not lookup.startswith("password") and super().lookup_allowed(lookup, value, request)

    def is_offered(self, entry: User, path: str) -> bool:
        """Offer what can be asked for, about an account as it is now."""
        if path == "link-end":
            return open_invitation(entry) is not None
        return {
            "reset": entry.is_active and was_accepted(entry),
            "second-factor": bool(getattr(entry, "has_second_factor", False)),
            "invite": not was_accepted(entry),
        }[path]

    # --- The list --------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return the accounts with their roles, and whether they have a second factor."""
        second = Authenticator.objects.filter(user=OuterRef("pk"))
        accounts: QuerySet[User] = super().get_queryset(request)
        return accounts.prefetch_related("groups").annotate(has_second_factor=Exists(second))

    full_name = column(gettext_lazy("name"), lambda user: user.get_full_name() or "–")

    @admin.display(description=gettext_lazy("roles"))
    def role_names(self, user: User) -> SafeString:
        """Return the roles, one a line."""
        names = ((ROLE_NAMES[Role(group.name)],) for group in user.groups.all())
        return format_html_join(SafeString("<br>"), "{}", names)

    protected = column(
        gettext_lazy("second factor"),
        lambda user: bool(getattr(user, "has_second_factor", False)),
        boolean=True,
    )

    # --- The page of an account ------------------------------------------------------------
    @admin.display(description=gettext_lazy("waiting for approval"))
    def shown_waiting(self, user: User) -> SafeString | str:
        """Return what waits for a second person, with links."""
        lines = [
            (reverse("admin:accounts_approvalrequest_change", args=[request.pk]), request)
            for request in waiting().filter(account=user)
        ]
        links = format_html_join(", ", '<a class="text-link" href="{}">{}</a>', lines)
        return links or "–"

    @admin.display(description=gettext_lazy("mailed link"))
    def shown_link(self, user: User) -> str:
        """Return what became of the link with which a password can be set."""
        last = user.invitations.first()
        if last is None:
            return "–"
        purpose = Invitation.Purpose(last.purpose).label
        return f"{purpose}: {_link_state(last)}"

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Show the roles as boxes to tick; who is invited has at least one."""
        if db_field.name == "groups":
            page = request.resolver_match
            return RolesField(required=page is not None and page.url_name == "auth_user_add")
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask for a fresh sign-in before an account is made or changed."""
        return fresh_sign_in_required(super().changeform_view)(request, *args, **kwargs)

    def save_model(
        self,
        request: HttpRequest,
        obj: User,
        form: Any,
        change: bool,
    ) -> None:
        """Do what takes effect at once, and ask for approval of the rest."""
        if not change:
            roles = [group.name for group in form.cleaned_data["groups"]]
            say_what_waits(request, [invite_person(obj, roles, user_of(request))])
            return
        try:
            asked = change_account(obj, self._wanted(obj, form.cleaned_data), user_of(request))
        except ApprovalRefused as refused:
            messages.error(request, str(refused))
        else:
            say_what_waits(request, asked)

    def _wanted(self, obj: User, typed: dict[str, Any]) -> DesiredAccount:
        """Return what was typed; what the form does not hold stays as it is."""
        now = User.objects.get(pk=obj.pk)
        roles = typed["groups"] if "groups" in typed else now.groups.all()
        return DesiredAccount(
            first_name=typed["first_name"],
            last_name=typed["last_name"],
            email=typed.get("email", now.email),
            is_active=typed.get("is_active", now.is_active),
            roles=frozenset(group.name for group in roles),
        )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save nothing more: the roles were dealt with."""

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> Any:
        """Leave it to the log, which knows what really changed."""

    def log_addition(self, request: HttpRequest, obj: User, message: Any) -> Any:
        """Leave it to the log."""

    def response_add(
        self, request: HttpRequest, obj: User, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the account; what was done has been told."""
        return HttpResponseRedirect(self.reverse_change(obj))

    def response_change(self, request: HttpRequest, obj: User) -> HttpResponse:
        """Show the account as it is now; what was done has been told."""
        return HttpResponseRedirect(self.reverse_change(obj))

    # --- What is asked for -----------------------------------------------------------------
    @action(
        description=gettext_lazy("Reset the password"), url_path="reset", permissions=["change"]
    )
    def reset(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask that a link is mailed with which the person sets a new password."""
        return self._ask_fresh(
            request,
            object_id,
            intro=_(
                "When a second person has approved it, a link is mailed to the person, who sets a "
                "new password with it. Until then the old password stays as it is."
            ),
            do=lambda account, _typed: reset_password(account, user_of(request)),
        )

    @action(
        description=gettext_lazy("Remove the second factor"),
        url_path="second-factor",
        permissions=["change"],
    )
    def remove_factor(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask that somebody who lost their second factor may set up another one."""
        return self._ask_fresh(
            request,
            object_id,
            intro=_(
                "When a second person has approved it, the second factor is removed and the person "
                "sets up another one. Make sure first, by telephone or face to face, that it is "
                "really the person who asks for this."
            ),
            do=lambda account, _typed: remove_second_factor(account, user_of(request)),
        )

    @action(description=gettext_lazy("Invite again"), url_path="invite", permissions=["change"])
    def send_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask that another link is mailed to somebody who never set a password."""
        account = self.get_object(request, object_id)
        roles = _roles_last_asked(account) if account is not None else ()

        def invite(account: User, typed: dict[str, Any]) -> ApprovalRequest:
            names = [group.name for group in typed["groups"]]
            return invite_again(account, names, user_of(request))

        return self._ask_fresh(
            request,
            object_id,
            intro=_(
                "When a second person has approved it, a new link is mailed. Earlier links end."
            ),
            do=invite,
            form_class=partial(InviteAgainForm, roles=roles),
        )

    @action(
        description=gettext_lazy("Revoke the link"), url_path="link-end", permissions=["change"]
    )
    def end_link(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End the link that was mailed."""
        return fresh_sign_in_required(self.ask)(
            request,
            object_id,
            intro=_("The link that was mailed to this person opens nothing any more."),
            button=_("Revoke the link"),
            do=lambda account, _typed: revoke(account, user_of(request)),
        )

    def _ask_fresh(
        self,
        request: HttpRequest,
        object_id: str,
        *,
        intro: str,
        do: Any,
        form_class: Any = EmptyForm,
    ) -> HttpResponse:
        account = self.get_object(request, object_id)
        if account is not None and not self.has_change_permission(request, account):
            raise PermissionDenied
        return fresh_sign_in_required(self.ask)(
            request,
            object_id,
            intro=intro,
            button=_("Ask for approval"),
            do=do,
            form_class=form_class,
        )


def say_what_waits(request: HttpRequest, asked: Sequence[ApprovalRequest]) -> None:
    """Tell what was asked for, and whether it waits for somebody else."""
    for one in asked:
        kind = ApprovalRequest.Kind(one.kind).label
        if one.state == ApprovalRequest.State.WAITING:
            sentence = _("Waits for the approval of a second person: %(what)s.")
            messages.warning(request, sentence % {"what": kind})
        else:
            messages.success(request, _("Done: %(what)s.") % {"what": kind})
    if not asked:
        messages.success(request, _("Saved."))


def _roles_last_asked(account: User) -> list[str]:
    last = account.approval_requests.filter(kind=ApprovalRequest.Kind.INVITE).first()
    asked = list(last.terms.get("roles", ())) if last else []
    return [*asked, *account.groups.values_list("name", flat=True)]


def _link_state(link: Invitation) -> str:
    if link.used_at:
        return _("used on %(day)s") % {"day": _day(link.used_at)}
    if link.revoked_at:
        return _("revoked on %(day)s") % {"day": _day(link.revoked_at)}
    if link.sent_at is None or link.expires_at is None:
        return _("is being mailed")
    if link.expires_at <= timezone.now():
        return _("expired on %(day)s") % {"day": _day(link.expires_at)}
    return _("mailed on %(day)s, not used yet") % {"day": _day(link.sent_at)}


def _day(moment: Any) -> str:
    return str(date_format(timezone.localtime(moment), "DATE_FORMAT"))

"""The output suppression list: who keeps which phrase out of models' output, and does it work."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from requests_portal.sign_in.people import actor_of
from requests_portal.staff.base.model_admin import APPEND_ONLY, StaffAdmin, column
from workflows.accounts.actors import name_behind
from workflows.cases.models import Item
from workflows.cases.staff_actions import log_case_view
from workflows.common.errors import DomainError, InvalidInput
from workflows.model_outputs.models import Suppression
from workflows.model_outputs.suppression import check_phrase, record_test, suppress, withdraw
from workflows.vault.fields import text_or_erased


class SuppressionForm(forms.ModelForm):
    """A phrase to be put on the list."""

    case_number = forms.CharField(
        label=gettext_lazy("Case number"), widget=UnfoldAdminTextInputWidget
    )
    position = forms.IntegerField(
        label=gettext_lazy("Item"), initial=1, min_value=1, widget=UnfoldAdminTextInputWidget
    )
    words = forms.CharField(label=gettext_lazy("Phrase"), widget=UnfoldAdminTextInputWidget)
    prompt = forms.CharField(
        label=gettext_lazy("Test prompt"),
        help_text=gettext_lazy("What to ask the model to see whether the phrase still comes."),
        required=False,
        widget=UnfoldAdminTextareaWidget,
    )

    class Meta:
        model = Suppression
        fields = ("form", "trained_models", "expires_on")

    def clean(self) -> dict[str, Any]:
        """Find the item that is meant."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        item = Item.objects.filter(
            case__number=cleaned.get("case_number", "").strip(),
            position=cleaned.get("position") or 0,
        ).first()
        if item is None:
            raise forms.ValidationError(_("There is no such item. Look at the case's page."))
        cleaned["item"] = item
        if "words" in cleaned and "form" in cleaned:
            try:
                check_phrase(cleaned["words"], cleaned["form"])
            except InvalidInput as error:
                raise forms.ValidationError(str(error)) from error
        return cleaned

    def save(self, commit: bool = True) -> Suppression:
        """Return a row that the admin hands to `save_model`, which calls the service."""
        return Suppression()

    def save_m2m(self) -> None:
        """Do nothing: the service sets the models."""


@admin.register(Suppression)
class SuppressionAdmin(StaffAdmin):
    """Entries are added, tested and withdrawn; none is changed and none deleted."""

    # An entry is withdrawn and made anew; what was kept from people stays on record.
    forbidden = APPEND_ONLY

    form = SuppressionForm
    # Not the phrase, which is personal: it stands on the page of an entry, and who looks is logged.
    list_display = (
        "shown_case", "shown_item", "label", "form", "length", "shown_owner", "expires_on",
        "test_result", "withdrawn_at",
    )  # fmt: skip
    list_filter = ("form", "test_result", ("withdrawn_at", admin.EmptyFieldListFilter))
    list_select_related = ("case", "item")
    search_fields = ("case__number",)
    search_help_text = gettext_lazy("Case number")
    list_per_page = 50
    ordering = ("-added_at",)
    actions = ("mark_suppressed", "mark_shown", "take_off")
    fieldsets = (
        (None, {"fields": ("case_number", "position", "words", "form")}),
        (None, {"fields": ("trained_models", "expires_on", "prompt")}),
    )
    readonly = (
        "shown_phrase", "shown_case", "label", "form", "length", "trained_models", "expires_on",
        "shown_owner", "added_at", "withdrawn_at", "shown_prompt", "test_result", "tested_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Suppression]:
        """Return the entries, each knowing what its owner is called."""
        entries: QuerySet[Suppression] = super().get_queryset(request)
        return entries.annotate(owner_name=name_behind("owner"))

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        """Show an entry with its phrase, and tell the log who looked."""
        page = super().change_view(request, object_id, *args, **kwargs)
        entry = self.get_object(request, object_id)
        if entry is not None:
            log_case_view(entry.case, actor_of(request), what="suppression")
        return page

    def get_fieldsets(self, request: HttpRequest, obj: Suppression | None = None) -> Any:
        """Show an entry as it is; ask for a new one."""
        if obj is None:
            return self.fieldsets
        return ((None, {"fields": self.readonly}),)

    def has_keep_permission(self, request: HttpRequest) -> bool:
        """Let those act who may add entries."""
        return request.user.has_perm("model_outputs.add_suppression")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Put the phrase on the list."""
        made = form.cleaned_data
        entry = suppress(
            made["item"],
            actor_of(request),
            made["words"],
            form=made["form"],
            models=made["trained_models"],
            expires_on=made["expires_on"],
            test_prompt=made["prompt"],
        )
        obj.__dict__.update(entry.__dict__)

    shown_phrase = column(gettext_lazy("phrase"), lambda entry: text_or_erased(entry, "phrase"))
    shown_prompt = column(
        gettext_lazy("test prompt"), lambda entry: text_or_erased(entry, "test_prompt") or "–"
    )
    shown_case = column(gettext_lazy("case"), "case.number", ordering="case__number")
    shown_item = column(gettext_lazy("item"), "item.position", ordering="item__position")
    label = column(gettext_lazy("label"), lambda _entry: _("suppressed, not deleted"))
    # Who answers for it, or the pseudonym when the account is gone.
    shown_owner = column(
        gettext_lazy("owner"),
        lambda entry: getattr(entry, "owner_name", None) or entry.owner,
        ordering="owner",
    )

    @admin.action(description=gettext_lazy("Tested: suppressed"), permissions=["keep"])
    def mark_suppressed(self, request: HttpRequest, queryset: QuerySet[Suppression]) -> None:
        """Record that the test prompt did not bring the phrase any more."""
        for entry in queryset:
            record_test(entry, actor_of(request), shown=False)

    @admin.action(description=gettext_lazy("Tested: still shown"), permissions=["keep"])
    def mark_shown(self, request: HttpRequest, queryset: QuerySet[Suppression]) -> None:
        """Record that the model still puts the phrase out."""
        for entry in queryset:
            record_test(entry, actor_of(request), shown=True)

    @admin.action(description=gettext_lazy("Take off the list"), permissions=["keep"])
    def take_off(self, request: HttpRequest, queryset: QuerySet[Suppression]) -> None:
        """Withdraw the chosen entries."""
        for entry in queryset:
            try:
                withdraw(entry, actor_of(request))
            except DomainError as error:
                messages.error(request, str(error))

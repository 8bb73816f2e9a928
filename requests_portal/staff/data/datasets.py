"""Datasets, models, recipients and programs: what the register keeps, and its approval."""

import json
from collections.abc import Iterator
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import format_lazy, slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminTextareaWidget,
)

from requests_portal.sign_in.adapters import fresh_sign_in_required
from requests_portal.sign_in.people import actor_of, names_of, user_of
from requests_portal.staff.base.model_admin import (
    EntryForm,
    ReasonForm,
    RegisterAdmin,
    action,
    column,
    registered_by_name,
    sign,
)
from workflows.accounts.models import PipelineToken, TokenScope
from workflows.accounts.pipelines import has_ended, is_live, register_pipeline
from workflows.accounts.tokens import end_pipeline_access, issue_pipeline_token
from workflows.common.errors import DomainError, InvalidEntry
from workflows.datasets.croissant.exporting import MEDIA_TYPE, export_croissant
from workflows.datasets.croissant.importing import LARGEST_DOCUMENT, import_croissant
from workflows.datasets.models import Dataset, Recipient, Snapshot, TrainedModel
from workflows.datasets.register import decide_approval, save_dataset, save_model, save_recipient

_SIGNS = {
    Dataset.Approval.APPROVED: ("good", "✓"),
    Dataset.Approval.UNAPPROVED: ("soon", "○"),
    Dataset.Approval.WITHDRAWN: ("late", "✕"),
}


def approval_sign(dataset: Dataset) -> SafeString:
    """Return whether a source is approved, with a sign."""
    return sign(*_SIGNS[Dataset.Approval(dataset.approval)], dataset.get_approval_display())


class CroissantForm(forms.Form):
    """Takes a Croissant file."""

    file = forms.FileField(
        label=gettext_lazy("Croissant file"),
        help_text=gettext_lazy("JSON-LD, at most 2 MiB. Nothing is approved by it."),
        widget=UnfoldAdminFileFieldWidget,
    )


class DatasetForm(forms.ModelForm):
    """A dataset, with what people are told of it in each language that is offered."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for language, field, name in _translated():
            told = self.instance.translations.get(language, {}).get(field, "")
            self.initial[name] = told

    def clean(self) -> dict[str, Any]:
        """Gather the translations; what is left empty is told as it stands above."""
        data: dict[str, Any] = super().clean() or {}
        translations: dict[str, dict[str, str]] = {}
        for language, field, name in _translated():
            if text := data.get(name, "").strip():
                translations.setdefault(language, {})[field] = text
        self.instance.translations = translations
        return data


def _translated() -> Iterator[tuple[str, str, str]]:
    """Yield language, field and the name in the form of each translation."""
    for language, _name in settings.LANGUAGES:
        for field in Dataset.TOLD:
            yield language, field, f"told_{language.replace('-', '_')}_{field}"


for _language, _field, _name in _translated():
    DatasetForm.base_fields[_name] = forms.CharField(
        label=cast(Any, Dataset._meta.get_field(_field)).verbose_name,
        required=False,
        max_length=4000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )
    DatasetForm.declared_fields[_name] = DatasetForm.base_fields[_name]


# A part of the page for each language.
_TRANSLATIONS: Any = tuple(
    (
        format_lazy("{}: {}", gettext_lazy("What people are told"), language_name),
        {
            "classes": ("collapse",),
            "description": gettext_lazy(
                "What is left empty is told as it stands above. Notices that lack one of these are "
                "not sent."
            ),
            "fields": tuple(name for code, _f, name in _translated() if code == language),
        },
    )
    for language, language_name in settings.LANGUAGES
)


@admin.register(Dataset)
class DatasetAdmin(RegisterAdmin):
    """The datasets."""

    form = DatasetForm
    list_display = ("name", "approval_shown", "scope", "types", "readable", "registered_at")
    list_filter = ("approval", "scope")
    search_fields = ("name", "description", "origin", "types")
    search_help_text = gettext_lazy("Name, description, origin or type")
    actions_list = ("take_croissant",)
    actions_detail = ("approve", "withdraw_approval", "give_croissant")
    readonly_fields = ("approval_shown", "approved_by", "approval_at", "approval_ground", "by")
    fieldsets = (
        (None, {"fields": ("name", "description", "scope", "types", "scale")}),
        (
            gettext_lazy("Lawfulness"),
            {
                "fields": (
                    "origin",
                    "legal_basis",
                    "purposes",
                    "disclosed_to",
                    "transfers",
                    "licence",
                    "labelling_rules",
                    "retention",
                    "keep_replaced_days",
                )
            },
        ),
        *_TRANSLATIONS,
        (
            gettext_lazy("Approval"),
            {"fields": ("approval_shown", "approved_by", "approval_at", "approval_ground", "by")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dataset]:
        """Return the datasets with how many of their snapshots can be read, and cannot."""
        state = Snapshot.State
        datasets: QuerySet[Dataset] = super().get_queryset(request)
        return datasets.annotate(
            readable_number=Count("snapshots", Q(snapshots__state=state.READABLE)),
            unreadable_number=Count("snapshots", Q(snapshots__state=state.UNREADABLE)),
        )

    approval_shown = column(gettext_lazy("approval"), approval_sign, ordering="approval")

    @admin.display(description=gettext_lazy("snapshots"))
    def readable(self, dataset: Dataset) -> SafeString:
        """Return how many snapshots can be read; and how many cannot, if any."""
        number, broken = (
            getattr(dataset, f"{word}_number", 0) for word in ("readable", "unreadable")
        )
        if broken:
            return sign("late", "✕", _("%(count)d cannot be read") % {"count": broken})
        if not number:
            return sign("soon", "○", _("None can be read yet"))
        return sign("good", "✓", _("%(count)d readable") % {"count": number})

    approved_by = column(
        gettext_lazy("decided by"),
        lambda dataset: (
            names_of([dataset.approval_by]).get(dataset.approval_by, dataset.approval_by) or "–"
        ),
    )
    by = column(gettext_lazy("last stated by"), registered_by_name)

    def save_model(self, request: HttpRequest, obj: Dataset, form: Any, change: bool) -> None:
        """Keep the entry, and tell the log."""
        was_approved = change and Dataset.objects.get(pk=obj.pk).is_approved
        save_dataset(obj, actor_of(request))
        if was_approved and not obj.is_approved:
            messages.warning(
                request,
                _("The approval rested on what you changed. The dataset waits for it again."),
            )

    # --- Approval --------------------------------------------------------------------------
    @action(description=gettext_lazy("Approve"), url_path="approve", permissions=["approve"])
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Approve the source as lawful."""
        return self._decide(request, object_id, approve=True)

    @action(
        description=gettext_lazy("Withdraw approval"), url_path="withdraw", permissions=["approve"]
    )
    def withdraw_approval(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Withdraw the approval of the source."""
        return self._decide(request, object_id, approve=False)

    def has_approve_permission(self, request: HttpRequest, *_args: Any) -> bool:
        """Let privacy officers decide."""
        return request.user.has_perm("datasets.approve_dataset")

    def _decide(self, request: HttpRequest, object_id: str, *, approve: bool) -> HttpResponse:
        return self.ask(
            request,
            object_id,
            intro=_("An approved source may be trained on. Say why it is lawful.")
            if approve
            else _("The source may not be trained on any more. Say why."),
            button=_("Approve") if approve else _("Withdraw approval"),
            do=lambda dataset, typed: decide_approval(
                dataset, actor_of(request), approve=approve, ground=typed["ground"]
            ),
            form_class=ReasonForm,
            permission="approve",
        )

    # --- Croissant -------------------------------------------------------------------------
    @action(description=gettext_lazy("Download Croissant"), url_path="croissant")
    def give_croissant(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Return the metadata of the dataset as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        dataset = get_object_or_404(Dataset, pk=object_id)
        content = json.dumps(export_croissant(dataset), ensure_ascii=False, indent=2)
        name = slugify(dataset.name) or f"dataset-{dataset.pk}"
        return HttpResponse(
            content,
            content_type=MEDIA_TYPE,
            headers={"Content-Disposition": f'attachment; filename="{name}.croissant.json"'},
        )

    @action(
        description=gettext_lazy("Take in Croissant"), url_path="croissant", permissions=["add"]
    )
    def take_croissant(self, request: HttpRequest) -> HttpResponse:
        """Show the form for a Croissant file, or register what one describes."""
        form = CroissantForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                content = form.cleaned_data["file"].read(LARGEST_DOCUMENT + 1)
                dataset, snapshot = import_croissant(content, actor_of(request))
            except InvalidEntry as refused:
                for sentences in refused.errors.values():
                    form.add_error(None, sentences)
            except DomainError as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(
                    request,
                    _("Registered, with a snapshot that is being read.")
                    if snapshot
                    else _("Registered. Its files are not on this server, or are known already."),
                )
                return HttpResponseRedirect(self.reverse_change(dataset))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Take in Croissant"),
            "intro": _("Croissant files describe a dataset in a form that programs understand."),
            "button": _("Take in"),
            "form": form,
            "back": reverse("admin:datasets_dataset_changelist"),
        }
        return TemplateResponse(request, "staff/question.html", context)


@admin.register(TrainedModel)
class TrainedModelAdmin(RegisterAdmin):
    """The models, with what they were trained on."""

    list_display = ("name", "version", "trained_on", "next_training_on", "next_training")
    list_filter = ("next_training",)
    search_fields = ("name", "version", "snapshots__dataset__name")
    search_help_text = gettext_lazy("Name, version or dataset")
    fields = (
        "name",
        "version",
        "snapshots",
        "trained_on",
        "next_training_on",
        "next_training",
        "explanation",
        "mechanism",
    )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the snapshots as boxes to tick."""
        return forms.ModelMultipleChoiceField(
            Snapshot.objects.select_related("dataset"),
            label=_("Trained on"),
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
        )

    def save_model(self, request: HttpRequest, obj: TrainedModel, form: Any, change: bool) -> None:
        """Keep the entry, and tell the log."""
        snapshots = list(form.cleaned_data["snapshots"])
        save_model(obj, actor_of(request), snapshots)


@admin.register(Recipient)
class RecipientAdmin(RegisterAdmin):
    """Who was given a dataset."""

    form = EntryForm
    list_display = ("name", "dataset", "snapshot", "email", "given_on")
    list_filter = ("dataset",)
    list_select_related = ("dataset", "snapshot__dataset")
    search_fields = ("name", "email", "dataset__name")
    search_help_text = gettext_lazy("Name, e-mail or dataset")
    date_hierarchy = "given_on"
    fields = (
        "name",
        "email",
        "contact",
        "dataset",
        "snapshot",
        "purpose",
        "country",
        "safeguard",
        "given_on",
    )

    def save_model(self, request: HttpRequest, obj: Recipient, form: Any, change: bool) -> None:
        """Keep the entry, and tell the log."""
        save_recipient(obj, actor_of(request))


class PipelineForm(forms.ModelForm):
    """A program and what it may do."""

    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Access scopes"),
        help_text=gettext_lazy("What the program may do. Choose no more than it needs."),
        choices=[
            (scope.value, format_lazy("{} – {}", scope.value, scope.label)) for scope in TokenScope
        ],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )


@admin.register(PipelineToken)
class PipelineTokenAdmin(RegisterAdmin):
    """Programs that act as data stewards over the API."""

    form = PipelineForm
    list_display = ("name", "opens", "pseudonym", "issued_at", "expires_at", "live", "waits")
    search_fields = ("name", "pseudonym")
    fields = ("name", "scopes", "expires_at")
    actions_detail = ("new_token", "end_access")

    opens = column(gettext_lazy("access scopes"), lambda pipeline: ", ".join(pipeline.scopes))
    live = column(gettext_lazy("live"), is_live, boolean=True)
    waits = column(
        gettext_lazy("token waits for approval"),
        lambda pipeline: pipeline.waiting_digest is not None and not has_ended(pipeline),
        boolean=True,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[PipelineToken]:
        """Return the pipelines."""
        pipelines: QuerySet[PipelineToken] = super().get_queryset(request)
        return pipelines

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask for a fresh sign-in: until when a program has access is a key to the data."""
        return fresh_sign_in_required(super().changeform_view)(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: PipelineToken, form: Any, change: bool) -> None:
        """Keep the entry, and tell the log."""
        register_pipeline(obj, actor_of(request))

    @action(
        description=gettext_lazy("Issue an API token"), url_path="token", permissions=["change"]
    )
    def new_token(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask once more, then show a new token once; it waits for approval."""
        return fresh_sign_in_required(self._new_token)(request, object_id)

    def _new_token(self, request: HttpRequest, object_id: str) -> HttpResponse:
        pipeline = self.get_object(request, object_id)
        if pipeline is None:
            raise Http404
        if has_ended(pipeline):
            messages.error(
                request,
                _("Its access has ended. Enter until when it may have access; then issue a token."),
            )
            return redirect("admin:accounts_pipelinetoken_change", object_id)
        token = issue_pipeline_token(pipeline, user_of(request)) if request.method == "POST" else ""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": pipeline,
            "token": token,
            "back": reverse("admin:accounts_pipelinetoken_changelist"),
            "intro": _(
                "A new token lets this program do what its scopes name, once a privacy officer has "
                "approved it: %(scopes)s. The token before it goes on until then."
            )
            % {"scopes": ", ".join(pipeline.scopes)},
        }
        return TemplateResponse(request, "staff/pipeline_token.html", context)

    @action(description=gettext_lazy("End access"), url_path="end", permissions=["change"])
    def end_access(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End the access of the program now."""
        return self.ask(
            request,
            object_id,
            intro=_("The program is refused from now on, until it gets a new token."),
            button=_("End access"),
            do=lambda pipeline, _typed: end_pipeline_access(pipeline, actor_of(request)),
        )

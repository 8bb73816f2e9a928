"""Models, recipients, and the tokens of pipelines."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from requests_portal.accounts import fresh_sign_in_required
from requests_portal.staff.base_admin import action, column
from requests_portal.staff.people import actor_of, user_of
from requests_portal.staff.register.base import EntryForm, RegisterAdmin
from workflows.accounts.models import PipelineToken, TokenScope
from workflows.accounts.pipelines import has_ended, is_live, register_pipeline
from workflows.accounts.tokens import end_pipeline_access, issue_pipeline_token
from workflows.datasets.models import Recipient, Snapshot, TrainedModel
from workflows.datasets.register import save_model, save_recipient


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
    fields = ("name", "email", "contact", "dataset", "snapshot", "purpose", "given_on")

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

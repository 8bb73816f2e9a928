"""The texts of notices: what is in use where, drafts, differences, previews, publishing."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from requests_portal.sign_in.people import actor_of, names_of
from requests_portal.staff.base.model_admin import APPEND_ONLY, StaffAdmin
from workflows.common.errors import DomainError
from workflows.common.inputs import MAX_BODY
from workflows.notices.answers import preview
from workflows.notices.composing import ComposedNotice
from workflows.notices.document import to_fragment, to_text
from workflows.notices.kinds import placeholders_of
from workflows.notices.models import NoticeText
from workflows.notices.services import RENDERINGS
from workflows.notices.template import TemplateSyntaxError
from workflows.notices.texts import (
    TextSlot,
    active_slots,
    active_text,
    changed_lines,
    is_place,
    previous_body,
    publish,
    required_elements,
    save_draft,
    validation_errors,
    versions_at,
)
from workflows.regimes.rules.regime import Regime
from workflows.regimes.services import all_regimes, get_regime
from workflows.vocabulary.notices import NoticeElement, NoticeKind

# How the place of all regimes stands in an address.
ALL = "all"


class TextForm(forms.Form):
    """A new version of a text, and why."""

    body = forms.CharField(
        label=gettext_lazy("Text"),
        max_length=MAX_BODY,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 24, "spellcheck": "true"}),
    )
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        help_text=gettext_lazy("What was changed and for what reason; it stays with the version."),
        max_length=500,
        widget=UnfoldAdminTextInputWidget,
    )


@dataclass(frozen=True, slots=True)
class NoticePreview:
    """A version as its page previews it, or why it cannot be previewed."""

    composed: ComposedNotice | None
    fault: str = ""

    @property
    def fragment(self) -> str:
        """Return the preview as HTML; `to_fragment` escapes all words in it."""
        assert self.composed is not None
        return mark_safe(to_fragment(self.composed.document))  # noqa: S308

    @property
    def text(self) -> str:
        """Return the preview as plain text."""
        assert self.composed is not None
        return to_text(self.composed.document)


def regime_for(place: TextSlot) -> Regime:
    """Return the regime under which a text is previewed: its own, or the first that is served."""
    return get_regime(place.regime or settings.PROVIDER_REGIMES[0])


def preview_of(place: TextSlot, body: str) -> NoticePreview:
    """Preview a text with an invented case."""
    try:
        return NoticePreview(preview(place, body, regime_for(place)))
    except (TemplateSyntaxError, KeyError, TypeError) as broken:
        return NoticePreview(None, str(broken))


@admin.register(NoticeText)
class NoticeTextAdmin(StaffAdmin):
    """Texts are read by place; a version is written and published, never changed."""

    # Notices rest on it.
    forbidden = APPEND_ONLY

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of a place and of a version."""
        wrap = self.admin_site.admin_view
        name = "notices_noticetext_{}".format
        return [
            path(
                "<slug:kind>/<slug:language>/<slug:regime>/",
                wrap(self.place_page),
                name=name("place"),
            ),
            path("version/<int:pk>/", wrap(self.version_page), name=name("version")),
            path(
                "version/<int:pk>/preview.<slug:ending>",
                wrap(self.preview_file),
                name=name("preview"),
            ),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead to the list: a version is written on the page of its place."""
        return HttpResponseRedirect(reverse("admin:notices_noticetext_changelist"))

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Lead to the page of the version."""
        if not object_id.isdecimal():
            raise Http404
        return HttpResponseRedirect(reverse("admin:notices_noticetext_version", args=[object_id]))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show every text that is in use; `q`, `language` and `regime` narrow the list."""
        self._require_view(request)
        query = request.GET.get("q", "").strip().lower()
        language, regime = request.GET.get("language", ""), request.GET.get("regime", "")
        names = dict(settings.LANGUAGES)
        rows = [
            (
                row,
                NoticeKind(row.place.kind).label,
                row.place.regime or ALL,
                names[row.place.language],
            )
            for row in active_slots()
            if query in f"{NoticeKind(row.place.kind).label} {row.place.kind}".lower()
            and language in {"", row.place.language}
            and regime in {"", row.place.regime or ALL}
        ]
        context = {
            **self._context(request, _("Texts of notices")),
            "rows": rows,
            "query": request.GET.get("q", ""),
            "language": language,
            "regime": regime,
            "languages": settings.LANGUAGES,
            "regimes": [ALL, *(regime.code for regime in all_regimes())],
        }
        return TemplateResponse(request, "staff/notices/texts.html", context)

    def place_page(
        self, request: HttpRequest, kind: str, language: str, regime: str
    ) -> HttpResponse:
        """Show the text in use at a place and its versions; take a new version."""
        self._require_view(request)
        place = TextSlot("" if regime == ALL else regime, kind, language)
        if not is_place(place):
            raise Http404
        start = self._starting_text(request, place)
        form = TextForm(request.POST or None, initial={"body": start})
        if request.method == "POST":
            if not self.has_add_permission(request):
                raise PermissionDenied
            saved = self._save(request, place, form) if form.is_valid() else None
            if saved is not None:
                messages.success(request, _("The draft was kept. Look at it, then publish it."))
                return HttpResponseRedirect(
                    reverse("admin:notices_noticetext_version", args=[saved.pk])
                )
        versions = list(versions_at(place))
        context = {
            **self._context(request, str(NoticeKind(kind).label)),
            "place": place,
            "regime": regime,
            "form": form,
            "may_write": self.has_add_permission(request),
            "versions": self._named(versions),
            "in_use": active_text(place.regime, kind, language),
            "placeholders": sorted("{" + name + "}" for name in placeholders_of(kind)),
            "prescribed": sorted((e, NoticeElement(e).label) for e in required_elements(place)),
        }
        return TemplateResponse(request, "staff/notices/place.html", context)

    def version_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show a version: what changed, what stands against it, how it comes out; publish it."""
        self._require_view(request)
        version = get_object_or_404(NoticeText.objects.select_related("publication"), pk=pk)
        place = TextSlot(version.regime, version.kind, version.language)
        if request.method == "POST":
            if not self.has_add_permission(request):
                raise PermissionDenied
            try:
                publish(version, actor_of(request))
            except DomainError as refused:
                messages.error(request, str(refused))
            else:
                messages.success(request, _("The text is in use now."))
            return HttpResponseRedirect(request.path)
        (named,) = self._named([version])
        context = {
            **self._context(request, str(version)),
            "version": version,
            "author": named[1],
            "publisher": named[2],
            "regime": place.regime or ALL,
            "faults": list(validation_errors(place, version.body)),
            "lines": list(changed_lines(previous_body(version), version.body)),
            "shown": preview_of(place, version.body),
            "case_regime": regime_for(place).code,
            "may_publish": self.has_add_permission(request) and not hasattr(version, "publication"),
        }
        return TemplateResponse(request, "staff/notices/version.html", context)

    def preview_file(self, request: HttpRequest, pk: int, ending: str) -> HttpResponse:
        """Send a version with an invented case, in one of the formats."""
        self._require_view(request)
        version = get_object_or_404(NoticeText, pk=pk)
        rendering = next((r for r in RENDERINGS if r.ending == ending), None)
        found = preview_of(TextSlot(version.regime, version.kind, version.language), version.body)
        if rendering is None or found.composed is None:
            raise Http404
        name = f"{version.kind}-{version.number}.{ending}"
        return HttpResponse(
            rendering.render(found.composed.document, timezone.now()),
            content_type=rendering.media_type,
            headers={
                "Content-Disposition": content_disposition_header(True, name),
                "X-Content-Type-Options": "nosniff",
            },
        )

    def _starting_text(self, request: HttpRequest, place: TextSlot) -> str:
        """Return what a new version begins with: the version asked for, or the text in use."""
        asked = request.GET.get("from", "")
        if asked.isdecimal():
            return get_object_or_404(versions_at(place), pk=int(asked)).body
        return active_text(place.regime, place.kind, place.language).body

    def _save(self, request: HttpRequest, place: TextSlot, form: TextForm) -> NoticeText | None:
        """Keep a draft; put what was refused into the form."""
        data = form.cleaned_data
        try:
            return save_draft(place, data["body"], actor_of(request), data["reason"])
        except DomainError as refused:
            form.add_error(None, str(refused))
            return None

    @staticmethod
    def _named(versions: list[NoticeText]) -> list[tuple[NoticeText, str, str]]:
        """Return versions with the names of who wrote and who published them. One query."""
        publishers = {
            version.pk: version.publication.by
            for version in versions
            if hasattr(version, "publication")
        }
        names = names_of({version.author for version in versions} | set(publishers.values()))
        return [
            (
                version,
                names.get(version.author, version.author) or _("came with the software"),
                names.get(publishers.get(version.pk, ""), publishers.get(version.pk, "")),
            )
            for version in versions
        ]

    def _require_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, "title": title}

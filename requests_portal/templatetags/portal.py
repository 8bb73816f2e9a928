"""Tags, filters and context of the public's and the regulators' pages."""

from datetime import date, datetime
from typing import Any

from django import template
from django.conf import settings
from django.forms import BooleanField, BoundField
from django.http import HttpRequest
from django.template import Context
from django.urls import reverse, translate_url
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import get_language, override

from requests_portal.presentation.deadlines import days_left
from requests_portal.presentation.staff_languages import languages_of
from workflows.vocabulary import places

register = template.Library()


@register.inclusion_tag("public/language_switch.html", takes_context=True)
def language_switch(context: Context, form: str = "") -> dict[str, Any]:
    """Return the buttons for the other languages.

    With `form`, the id of the form on the page, a button sends that form to the same page in the
    other language, so that what was typed goes along. Without, it only changes the language.
    The address is turned into the other language here: Django's view, which remembers the choice,
    could not do it, for it runs outside the addresses that carry a language.
    """
    request = context.get("request")
    here = context.get("here") or (request.get_full_path() if request else "/")
    known = request is not None and request.resolver_match is not None
    current = get_language()
    return {
        "languages": [
            {
                "code": code,
                "name": name,
                "address": translate_url(here, code) if known else _home_in(code),
            }
            for code, name in languages_of(request.resolver_match if request else None)
            if code != current
        ],
        "form": form,
        "csrf_token": context.get("csrf_token"),
    }


def _home_in(language: str) -> str:
    with override(language):
        return reverse("home")


@register.inclusion_tag("public/field.html")
def field(bound: BoundField, heading: str = "") -> dict[str, Any]:
    """Return one field with label, hint and error; `heading` makes the label the page's `h1`."""
    hints = getattr(bound.form, "option_hints", {}).get(bound.name, {})
    options = [
        {"widget": option, "hint": hints.get(str(option.data["value"]), "")} for option in bound
    ]
    described = [f"{bound.auto_id}_helptext"] if bound.help_text else []
    described += [f"{bound.auto_id}_error"] if bound.errors else []
    return {
        "field": bound,
        "heading": heading,
        "options": options if bound.use_fieldset else [],
        "is_tick": isinstance(bound.field, BooleanField),
        "described_by": " ".join(described),
    }


@register.simple_tag
def file_limits() -> dict[str, int]:
    """Return how many files may be added, and how many megabytes may be sent at once."""
    return {
        "count": settings.ATTACHMENT_MAX_COUNT,
        "megabytes": settings.ATTACHMENT_MAX_BYTES // 1024**2,
    }


@register.filter
def say(sentence: Any, number: int) -> str:
    """Fill the number of a row into a sentence such as `Remove detail %(number)s`."""
    return str(sentence) % {"number": number}


@register.filter
def day(value: date | datetime | None) -> str:
    """Return a date in the reader's language: `24 November 2026`, `2026年11月24日`."""
    if value is None:
        return ""
    if isinstance(value, datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    return date_format(value, "DATE_FORMAT")


@register.filter
def moment(value: datetime | None) -> str:
    """Return date and time in the current zone: `24 November 2026, 14:05`."""
    if value is None:
        return ""
    return date_format(timezone.localtime(value), "DATETIME_FORMAT")


@register.filter
def place_name(code: str) -> str:
    """Return the name of a place of residence in the reader's language: `CN`, `DE-BE`."""
    return places.place_name(code)


@register.filter
def time_left(days: int | None) -> str:
    """Return in words how many days are left, as a sentence begins; negative numbers are late."""
    return "" if days is None else capfirst(days_left(days))


def portal(request: HttpRequest) -> dict[str, Any]:
    """Return the provider's name and the title of the portal."""
    return {"provider_name": settings.PROVIDER_NAME, "portal_title": settings.PORTAL_TITLE}

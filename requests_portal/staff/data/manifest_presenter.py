"""What the page of a manifest says of it: how far it is, what to do now, and what was left."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests_portal.sign_in.people import names_of
from requests_portal.staff.base.model_admin import sign
from workflows.corrections.downloads import SQL, files_of
from workflows.corrections.lineage import is_outdated
from workflows.corrections.manifests import was_compared, was_rescanned
from workflows.corrections.models import Manifest
from workflows.vault.crypto import Shredded

_WHY = {
    "unchanged": gettext_lazy("still as it was"),
    "not_corrected": gettext_lazy("the corrected text is missing"),
    "different": gettext_lazy("not what the manifest makes of it"),
    "records": gettext_lazy("not as many records as there should be"),
    "found": gettext_lazy("the person is still found"),
    "not_kept": gettext_lazy(
        "names that the look-up of the old snapshot counted and did not keep; in the case, have "
        "more of them shown, then judge them"
    ),
    "unjudged": gettext_lazy("found, and not judged to be about somebody else"),
    "not_comparable": gettext_lazy("files of the old snapshot are gone, so it cannot be compared"),
    "unreadable": gettext_lazy("the new snapshot cannot be read"),
    "gave_up": gettext_lazy("the search was tried many times and never came to an end"),
}


_SIGNS = {
    Manifest.State.OPEN: ("soon", "○"),
    Manifest.State.APPLIED: ("soon", "…"),
    Manifest.State.REFUSED: ("late", "✕"),
    Manifest.State.LEFT: ("late", "▲"),
    Manifest.State.VERIFIED: ("good", "✓"),
    Manifest.State.WITHDRAWN: ("none", "–"),
}
_NEXT = {
    Manifest.State.OPEN: gettext_lazy(
        "Have it applied on this server. Or take the files to your pipeline, and enter here what "
        "it did."
    ),
    Manifest.State.APPLIED: gettext_lazy("The new snapshot is being searched. Look here again."),
    Manifest.State.REFUSED: gettext_lazy(
        "Nothing was changed. The receipt says why; once that is mended, another manifest is made."
    ),
    Manifest.State.LEFT: gettext_lazy(
        "The items stay open, and another manifest is made for the new snapshot. Where the places "
        "below were not judged before, have the decision of their case sent back to the review."
    ),
    Manifest.State.VERIFIED: gettext_lazy(
        "Nothing. The old snapshot still holds what was taken out: delete its data, then say so "
        "on its page."
    ),
    Manifest.State.WITHDRAWN: gettext_lazy(
        "Nothing. A decision was sent back or a request withdrawn; another manifest is made for "
        "the rest."
    ),
}


def state_of(manifest: Manifest) -> SafeString:
    """Return how far it is, with a sign."""
    words = manifest.get_state_display()
    if manifest.state == Manifest.State.OPEN and manifest.applied_by:
        words = _("Being applied on this server")
    return sign(*_SIGNS[Manifest.State(manifest.state)], words)


def next_step(manifest: Manifest) -> str:
    """Return what a data steward does now."""
    if manifest.state == Manifest.State.OPEN and manifest.applied_by:
        return _("A worker writes the new snapshot. Look here again in a while.")
    if manifest.state == Manifest.State.OPEN and is_outdated(manifest.snapshot):
        return _(
            "A newer version of these data was registered since. You can still have this manifest "
            "applied, or enter the receipt “Refused”. Either way another manifest is made for the "
            "newer version, usually within an hour, for what was judged there to be the person's."
        )
    if manifest.state == Manifest.State.OPEN and SQL in files_of(manifest):
        return _(
            "Have changes.sql run in the database of the table, for example with psql; it changes "
            "all or nothing. Then enter the receipt, with the same location and a new version."
        )
    if manifest.state == Manifest.State.LEFT and not was_rescanned(manifest):
        return _(
            "The new snapshot could not be searched. It is kept with its receipt, and the items "
            "stay open. See that it can be read, and in the log of the workers what stopped them; "
            "a large snapshot may need a higher LONG_TASK_TIME_LIMIT. Then press “Search again”."
        )
    if manifest.state == Manifest.State.LEFT and not was_compared(manifest):
        return _(
            "Files of the old snapshot are gone, so nothing says whether the new one holds all the "
            "rest. Put them back, then press “Search again”. If that is not possible, compare them "
            "another way, and enter the receipt in the case."
        )
    return str(_NEXT[Manifest.State(manifest.state)])


def cases_of(manifest: Manifest) -> dict[UUID, str]:
    """Return the numbers of the cases by their ids."""
    return {one.item.case_id: one.item.case.number for one in manifest.instructions.all()}


def links_to_cases(manifest: Manifest) -> SafeString:
    """Return the numbers of the cases, leading there."""
    links = (
        (reverse("admin:cases_case_change", args=[pk]), number)
        for pk, number in cases_of(manifest).items()
    )
    items = format_html_join("", '<li><a href="{}">{}</a></li>', links)
    return format_html('<ul class="staff-links">{}</ul>', items)


def links_to_files(manifest: Manifest) -> SafeString:
    """Return a link to each file, and how other formats are made of them."""
    links = format_html_join(
        "",
        '<li><a href="{}" download>{}</a></li>',
        (
            (reverse("admin:corrections_manifest_file", args=[manifest.pk, name]), name)
            for name in files_of(manifest)
        ),
    )
    return format_html(
        '<ul class="staff-links">{}</ul><p>{} <code>manage.py export_manifest</code></p>',
        links,
        _("For a merge into Delta or Iceberg:"),
    )


def receipts_of(manifest: Manifest) -> SafeString | str:
    """Return who did what, and when."""
    receipts = list(manifest.receipts.all())
    names = names_of(receipt.by for receipt in receipts)
    told = (
        (
            date_format(timezone.localtime(receipt.at), "DATETIME_FORMAT"),
            receipt.get_status_display(),
            names.get(receipt.by, receipt.by),
            receipt.remark,
        )
        for receipt in receipts
    )
    return format_html_join("", "<p>{} · {} · {} {}</p>", told) or "–"


def residual_places(manifest: Manifest) -> SafeString | str:
    """Return a line for each place where something is left."""
    try:
        places = manifest.left
    except Shredded:
        return _("erased")
    if not places:
        return "–"
    return format_html(
        "<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((_place(p),) for p in places))
    )


def places_left_out(manifest: Manifest) -> SafeString | str:
    """Return which places of the persons are not changed by it, and what is done about them."""
    try:
        places = manifest.left_out
    except Shredded:
        return _("erased")
    if not places:
        return "–"
    return format_html(
        "<p>{}</p><ul>{}</ul>",
        _(
            "Nothing says for certain which record these places are in, as several have the same "
            "id or none, or they are not as they were when they were found. They are not changed. "
            "Look at them and change them by hand; then enter the receipt in the case."
        ),
        format_html_join("", "<li>{}</li>", ((_where(place),) for place in places)),
    )


def _place(place: dict[str, Any]) -> str:
    if "counted" in place:
        numbers = _("%(expected)s expected, %(counted)s counted") % place
        return f"{_WHY[place['why']]}: " + " · ".join(filter(None, [place.get("file"), numbers]))
    return f"{_WHY[place['why']]}: {_where(place)}"


def _where(place: dict[str, Any]) -> str:
    names = [place.get("file"), place.get("id"), place.get("field"), place.get("kind")]
    span = f"{place['start']}-{place['end']}" if "start" in place else ""
    return " · ".join(str(part) for part in [*names, span] if part not in (None, ""))

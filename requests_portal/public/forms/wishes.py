"""What the person wants to happen: everyday choices, and the rights that each stands for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundWidget
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from requests_portal.presentation.responses import PageError
from requests_portal.public.forms.base import QuestionForm, TypedRow
from workflows.cases.filing_request import MAX_ITEMS
from workflows.vocabulary.item_kinds import KINDS_ON_FORM, ItemKind, Sentence, kinds_of
from workflows.vocabulary.wishes import Wish


@dataclass(frozen=True, slots=True)
class Option:
    """A box that can be ticked, with the line beneath its label."""

    widget: BoundWidget
    hint: Sentence


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of the page, with its rights where there are several, and what is wrong there."""

    option: Option
    rights: list[Option]
    error: str


def _wish_of(kind: str) -> Wish | None:
    """Return the choice to which a kind belongs; None for a word that is no kind."""
    return ItemKind(kind).definition.wish if kind in ItemKind.values else None


def _in_order(kinds: Iterable[str]) -> list[str]:
    """Return each kind once, in the order of the kinds; words that are no kind come last."""
    places = {kind.value: place for place, kind in enumerate(KINDS_ON_FORM)}
    return sorted(dict.fromkeys(kinds), key=lambda kind: places.get(kind, len(places)))


class RequestTypesForm(QuestionForm):
    """What the person comes for, and which of the rights they want to exercise for that.

    `kinds` are what counts. `wishes` are kept so that a choice that was ticked stays ticked; rows
    without them, of programs or of older drafts, have the choices of their kinds.
    """

    page_template = "public/wishes.html"
    _invalid = _("Choose from the things that can be asked for.")
    wishes = forms.MultipleChoiceField(
        label=_("What would you like us to do?"),
        help_text=_("Choose everything that you want. You can add details later."),
        choices=Wish.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        error_messages={"invalid_choice": _invalid},
    )
    kinds = forms.MultipleChoiceField(
        choices=[(kind.value, kind.label) for kind in KINDS_ON_FORM],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        error_messages={"invalid_choice": _invalid},
    )

    def as_kept(self, row: TypedRow) -> TypedRow:
        """Leave out the rights under choices that are not ticked, and add those that have no box.

        The page always sends an empty choice, so that none ticked differs from none asked for.
        Rights are kept in the order of the kinds, in which the items of a request are numbered.
        """
        sent = row.pop("wishes")
        if not sent:
            return {"kinds": _in_order(row["kinds"])}
        ticked = [wish for wish in sent if wish]
        kept = [kind for kind in row["kinds"] if _wish_of(kind) in {None, *ticked}]
        alone = [kinds[0] for wish in Wish if wish in ticked and len(kinds := kinds_of(wish)) == 1]
        return {"wishes": ticked, "kinds": _in_order([*kept, *map(str, alone)])}

    def clean(self) -> dict[str, Any]:
        """Ask for something, for something under each choice, and not for too much."""
        cleaned = self.cleaned_data
        if self.errors:
            return cleaned
        if not cleaned["wishes"] and not cleaned["kinds"]:
            self.add_error("wishes", gettext("Choose at least one thing that you want."))
        if len(cleaned["kinds"]) > MAX_ITEMS:
            most = gettext("Choose at most %(count)s things.") % {"count": MAX_ITEMS}
            self.add_error("wishes", most)
        for wish in self._without_right():
            self.add_error(None, self._asks_for_right(wish))
        return self.cleaned_data

    def _without_right(self) -> list[Wish]:
        """Return the ticked choices of which no right is."""
        asked_for = {_wish_of(kind) for kind in self["kinds"].value() or ()}
        return [wish for wish in Wish if wish in self._ticked() and wish not in asked_for]

    @staticmethod
    def _asks_for_right(wish: Wish) -> str:
        sentence = gettext("Tick at least one thing under “%(choice)s”, or untick that choice.")
        return sentence % {"choice": wish.label}

    def _ticked(self) -> set[str]:
        """Return the choices that are ticked."""
        typed = self.data if self.is_bound else self.initial
        return {*typed.get("wishes", map(_wish_of, typed.get("kinds", ())))} - {None}

    def general_errors(self) -> list[str]:
        """Return what is wrong with the page as a whole."""
        return [str(text) for name in self.fields for text in self[name].errors]

    def page_errors(self) -> list[PageError]:
        """Return what is wrong; what a choice lacks leads to the first of its rights."""
        if not self.is_bound:
            return []
        general = [PageError("id_wishes_0", text) for text in self.general_errors()]
        return general + [
            PageError(choice.rights[0].widget.id_for_label, choice.error)
            for choice in self.choices()
            if choice.error
        ]

    def choices(self) -> Iterator[Choice]:
        """Yield the choices with their rights, the usual ones of a choice not made yet ticked."""
        ticked = self._ticked()
        lacking = self._without_right() if self.is_bound else []
        usual = [
            kind
            for kind in KINDS_ON_FORM
            if kind.definition.usual and kind.definition.wish not in ticked
        ]
        wishes = self._options("wishes", [*ticked])
        rights = self._options("kinds", [*(self["kinds"].value() or ()), *usual])
        for wish in Wish:
            several = kinds if len(kinds := kinds_of(wish)) > 1 else ()
            yield Choice(
                Option(wishes[wish], wish.explanation),
                [Option(rights[kind], kind.definition.explanation) for kind in several],
                self._asks_for_right(wish) if wish in lacking else "",
            )

    def _options(self, name: str, ticked: list[str]) -> dict[str, BoundWidget]:
        """Return the boxes of a field by their values."""
        bound = self[name]
        boxes = bound.field.widget.subwidgets(bound.html_name, ticked, attrs={"id": bound.auto_id})
        return {box["value"]: BoundWidget(bound.field.widget, box, self.renderer) for box in boxes}

    def in_words(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the rights that were chosen."""
        chosen = [str(ItemKind(kind).label) for kind in self.cleaned_data["kinds"]]
        yield str(self.fields["wishes"].label), chosen

"""The way through the request form as data: one row a page, with the page's condition."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from requests_portal.public.forms import items, people, wishes
from requests_portal.public.forms.base import (
    Answers,
    QuestionForm,
    chosen_kinds,
    first_value,
)
from workflows.cases.filing_request import MAX_IDENTIFIERS, MAX_ITEMS
from workflows.vocabulary.item_kinds import ItemKind, Sentence
from workflows.vocabulary.people import RequesterRole
from workflows.vocabulary.places import parts_of

CHECK = "check"


def always(_answers: Answers) -> bool:
    """The page is for everybody."""
    return True


def is_for_somebody_else(answers: Answers) -> bool:
    """The requester is not the person whom the information is about."""
    return first_value(answers, "role", "role") not in {"", RequesterRole.SELF}


def is_for_the_deceased(answers: Answers) -> bool:
    """The person whom the information is about has died."""
    return first_value(answers, "role", "role") == RequesterRole.NEAR_RELATIVE


def has_parts(answers: Answers) -> bool:
    """The country has parts between which the law or the holidays differ."""
    return bool(parts_of(first_value(answers, "residence", "country")))


def has_item_kind(kind: str) -> Callable[[Answers], bool]:
    """Return the condition that this kind of item was chosen."""
    return lambda answers: kind in chosen_kinds(answers)


def wants_something_undetailed(answers: Answers) -> bool:
    """A kind was chosen that has no page of its own."""
    return bool(items.undetailed_kinds(chosen_kinds(answers)))


@dataclass(frozen=True, slots=True)
class RowWords:
    """What a page on which rows can be added calls them."""

    one: Sentence
    add: Sentence
    remove: Sentence


@dataclass(frozen=True, slots=True)
class FormStep:
    """One page: its part of the address, its question, its form and when it applies.

    `question_for_other` replaces the question where the request is for somebody else,
    `question_for_deceased` where that person has died. With `most_rows` above one, rows can be
    added; blank ones do not count, and `least_rows` must be filled in.
    """

    slug: str
    question: Sentence
    form: type[QuestionForm]
    applies: Callable[[Answers], bool] = always
    question_for_other: Sentence = ""
    question_for_deceased: Sentence = ""
    lead: Sentence = ""
    most_rows: int = 1
    least_rows: int = 1
    row_words: RowWords | None = None
    takes_files: bool = False
    # Where the page asks one thing only, the question itself is the label of its field.
    asks_one_thing: bool = False
    # Counted as one with the page before. What may be left out is, so that the count stays.
    continues: bool = False

    def question_in(self, answers: Answers) -> Sentence:
        """Return the question as it is put to this requester."""
        if self.question_for_deceased and is_for_the_deceased(answers):
            return self.question_for_deceased
        if self.question_for_other and is_for_somebody_else(answers):
            return self.question_for_other
        return self.question


def _detail_step(number: int, kind: ItemKind, form: type[items.DetailsForm]) -> FormStep:
    """Return the page that asks about the items of a kind with questions of its own."""
    page = kind.definition.page
    assert page is not None
    return FormStep(
        kind,
        page.title,
        form,
        applies=has_item_kind(kind),
        question_for_other=page.title_for_other,
        most_rows=MAX_ITEMS,
        row_words=RowWords(one=page.row, add=page.add, remove=page.remove),
        continues=number > 0,
    )


_DETAIL_STEPS = tuple(
    _detail_step(number, kind, form) for number, (kind, form) in enumerate(items.DETAILED.items())
)
STEPS = (
    FormStep(
        "wishes", _("What would you like us to do?"), wishes.RequestTypesForm, asks_one_thing=True
    ),
    FormStep(
        "service",
        _("Which service or model is it about?"),
        items.ServiceForm,
        asks_one_thing=True,
    ),
    FormStep("role", _("For whom are you asking?"), people.RoleForm, asks_one_thing=True),
    FormStep(
        "residence",
        _("Where do you live?"),
        people.ResidenceForm,
        question_for_other=_("Where does the person live?"),
        question_for_deceased=_("Where did the person live?"),
        asks_one_thing=True,
    ),
    FormStep(
        "part",
        _("In which part of the country do you live?"),
        people.PartForm,
        applies=has_parts,
        question_for_other=_("In which part of the country does the person live?"),
        question_for_deceased=_("In which part of the country did the person live?"),
        asks_one_thing=True,
        continues=True,
    ),
    FormStep(
        "requester",
        _("Who are you, and by what right do you act?"),
        people.RequesterForm,
        applies=is_for_somebody_else,
        continues=True,
    ),
    FormStep(
        "subject",
        _("What is your name?"),
        people.SubjectForm,
        question_for_other=_("What is the name of the person whom the information is about?"),
        asks_one_thing=True,
    ),
    FormStep(
        "identifiers",
        _("How else can we find you in the data?"),
        people.IdentifierForm,
        question_for_other=_("How else can we find the person in the data?"),
        lead=_(
            "Training data are searched for what you enter here, for example an e-mail address,"
            " a user name or the address of a page. Enter only what may stand in the data; an"
            " identity number is seldom needed. You can also leave this page empty."
        ),
        most_rows=MAX_IDENTIFIERS,
        least_rows=0,
        row_words=RowWords(
            one=_("Detail %(number)s"),
            add=_("Add another detail"),
            remove=_("Remove detail %(number)s"),
        ),
    ),
    *_DETAIL_STEPS,
    FormStep(
        "statements",
        _("What else should we know about your request?"),
        items.StatementsForm,
        applies=wants_something_undetailed,
        lead=_("The more exact you are, the sooner we find it."),
        continues=True,
    ),
    FormStep(
        "files",
        _("Do you want to add files?"),
        items.FilesForm,
        lead=_(
            "For example screenshots, or a document that shows by what right you act. Files are"
            " not needed. Cover anything that we do not need to see."
        ),
        takes_files=True,
    ),
    FormStep(
        "contact",
        _("How can we reach you?"),
        people.ContactForm,
        lead=_(
            "You will get a case number and a receipt. With them you can see the status and read"
            " our answer on this site at any time."
        ),
    ),
)


def find_step(slug: str) -> FormStep | None:
    """Return the step with this slug, or None."""
    return next((step for step in STEPS if step.slug == slug), None)


def applicable_steps(answers: Answers) -> list[FormStep]:
    """Return the pages that apply after these answers, in their order."""
    return [step for step in STEPS if step.applies(answers)]


def number_of(step: FormStep) -> int:
    """Return as which step of all requests a page counts, whatever was chosen."""
    return sum(not each.continues for each in STEPS[: STEPS.index(step) + 1])


# With the summary.
STEP_COUNT = number_of(STEPS[-1]) + 1


def neighbour(step: FormStep, answers: Answers, offset: int) -> str | None:
    """Return the slug of the page after (1) or before (-1) a step; None before the first.

    After the last page comes the summary.
    """
    slugs = [other.slug for other in STEPS if other.applies(answers) or other == step]
    position = slugs.index(step.slug) + offset
    if position < 0:
        return None
    return slugs[position] if position < len(slugs) else CHECK

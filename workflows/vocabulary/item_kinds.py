"""The kinds of item: what can be asked for, one definition each.

Nothing else lists them. Whatever depends on a kind (the form, the API, the outcomes that staff may
propose, the notice that answers, the line in the yearly figures) is read from its definition here,
and a system check names what a definition refers to and nobody has.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from workflows.vocabulary.outcomes import NOT_GRANTED, Outcome
from workflows.vocabulary.wishes import Wish

Sentence = str | Promise

# What a person may say about an item; `prompts` and `urls` are lists.
DETAIL_NAMES = frozenset({"statement", "claimed", "correct", "where_seen", "prompts", "urls"})

_WHERE_SEEN = _("For example a web address, the name of an app, or the date of a conversation.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A field of the request form; `detail` is the one of `DETAIL_NAMES` that is filled in.

    `required` is said to who leaves it empty; without it the field may be empty. With `too_many`,
    which has a `%(count)s`, it takes one entry a line and no more than an item may have.
    """

    detail: str
    label: Sentence
    hint: Sentence = ""
    rows: int = 4
    required: Sentence = ""
    too_many: Sentence = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionPage:
    """A page of the request form for the items of one kind, which can be several.

    `title_for_other` replaces the title where the request is for somebody else. `row`, `add` and
    `remove` are what one item of several is called; `row` and `remove` have a `%(number)s`.
    """

    title: Sentence
    questions: tuple[Question, ...]
    row: Sentence
    add: Sentence
    remove: Sentence
    title_for_other: Sentence = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemKindDefinition:
    """All that is particular to a kind of item.

    Which law grants it, to whom and on which proof, the regimes say.
    """

    # As it stands in the database, the log, the API and the rule files; 20 characters at most.
    code: str
    label: Sentence
    # The choice of the form to which it belongs, and whether it is what most people mean by that.
    wish: Wish
    usual: bool = False
    # The place among the kinds, where what is asked for most comes first.
    form_position: int
    # The line beneath the label on the form.
    explanation: Sentence
    # What an item can come to, grants first; every kind can also be refused or come to nothing.
    outcomes: tuple[Outcome, ...]
    # The notice that answers, and another one for some outcomes; a refusal is told by its own.
    notice: str
    notice_by_outcome: Mapping[str, str] = field(default_factory=dict)
    # The type of request in the yearly figures of 11 CCR § 7102; None where the law names none.
    california_type: str | None
    # Outcomes that give what was asked for, whether or not a law speaks of them: the first, unless
    # others are named. Every other one needs a law that knows it for this kind.
    plain: frozenset[Outcome] = frozenset()
    # Outcomes that give a part of it: they need a ground, as a refusal does.
    partial: frozenset[Outcome] = frozenset()
    # Outcomes which stand in for what was asked: only where the law knows that, and with a reason.
    substitutes: frozenset[Outcome] = frozenset()
    # A page of its own, or one free text on the page that kinds share: its hint, and what is said
    # to who leaves it empty, for kinds that nobody could handle without words of the person.
    page: QuestionPage | None = None
    statement_hint: Sentence = ""
    statement_required: Sentence = ""
    # It cannot be taken back, or hands data out: unless a privacy officer sets something else, a
    # second person confirms who asks.
    second_look: bool = False
    # What is typed to carry it out is added behind what stands there, and replaces nothing.
    adds: bool = False

    @property
    def plain_outcomes(self) -> frozenset[Outcome]:
        """Return the outcomes that give what was asked for under any law."""
        return self.plain or frozenset(self.outcomes[:1])

    @property
    def all_notices(self) -> frozenset[str]:
        """Return the notices that can answer an item of this kind, but for the refusal."""
        return frozenset({self.notice, *self.notice_by_outcome.values()})


class ItemKind(TextChoices):
    """One right, exercised about one thing. A member is the code and has a `definition`."""

    _value_: str
    definition: ItemKindDefinition

    CONSULT = ItemKindDefinition(
        code="consult",
        label=_("See what information is held"),
        wish=Wish.SHOW,
        usual=True,
        form_position=10,
        explanation=_("We tell you whether we hold information about you, and what it is."),
        statement_hint=_("If you look for something particular, name it."),
        outcomes=(Outcome.PROVIDED,),
        notice="access_answer",
        california_type="know",
    )
    COPY = ItemKindDefinition(
        code="copy",
        label=_("Get a copy"),
        wish=Wish.SHOW,
        form_position=20,
        explanation=_("You get the information about you as a file."),
        statement_hint=_("If you need only a part, say which."),
        outcomes=(Outcome.PROVIDED,),
        notice="access_answer",
        california_type="know",
        second_look=True,
    )
    CORRECT = ItemKindDefinition(
        code="correct",
        label=_("Correct something wrong"),
        wish=Wish.CORRECT,
        usual=True,
        form_position=30,
        explanation=_("You tell us what is wrong, and what would be right."),
        page=QuestionPage(
            title=_("What is wrong, and what would be right?"),
            questions=(
                Question(
                    detail="claimed",
                    label=_("What is wrong?"),
                    hint=_("Write it as you saw it."),
                    rows=3,
                    required=_("Write what is wrong."),
                ),
                Question(
                    detail="correct",
                    label=_("What would be right?"),
                    rows=3,
                    required=_("Write what would be right."),
                ),
                Question(
                    detail="where_seen",
                    label=_("Where did you see it? (optional)"),
                    hint=_WHERE_SEEN,
                    rows=2,
                ),
            ),
            row=_("Mistake %(number)s"),
            add=_("Add another mistake"),
            remove=_("Remove mistake %(number)s"),
        ),
        outcomes=(
            Outcome.CORRECTED,
            Outcome.DELETED,
            Outcome.SUPPRESSED_IN_OUTPUT,
            Outcome.QUEUED_FOR_RETRAINING,
        ),
        partial=frozenset(
            {Outcome.DELETED, Outcome.SUPPRESSED_IN_OUTPUT, Outcome.QUEUED_FOR_RETRAINING}
        ),
        substitutes=frozenset({Outcome.DELETED}),
        notice="correction_answer",
        california_type="correct",
    )
    SUPPLEMENT = ItemKindDefinition(
        code="supplement",
        label=_("Add something missing"),
        wish=Wish.CORRECT,
        form_position=40,
        explanation=_("You tell us what is missing."),
        page=QuestionPage(
            title=_("What is missing?"),
            questions=(
                Question(
                    detail="correct",
                    label=_("What is missing?"),
                    hint=_("Write it as it should be."),
                    rows=3,
                    required=_("Write what is missing."),
                ),
                Question(
                    detail="claimed",
                    label=_("What does it say now? (optional)"),
                    rows=3,
                ),
                Question(
                    detail="where_seen",
                    label=_("Where did you see it? (optional)"),
                    hint=_WHERE_SEEN,
                    rows=2,
                ),
            ),
            row=_("Missing point %(number)s"),
            add=_("Add another missing point"),
            remove=_("Remove missing point %(number)s"),
        ),
        outcomes=(Outcome.SUPPLEMENTED, Outcome.QUEUED_FOR_RETRAINING),
        partial=frozenset({Outcome.QUEUED_FOR_RETRAINING}),
        notice="correction_answer",
        california_type="correct",
        adds=True,
    )
    DELETE = ItemKindDefinition(
        code="delete",
        label=_("Delete information"),
        wish=Wish.OUT_OF_TRAINING,
        usual=True,
        form_position=50,
        explanation=_("You want information about you to be removed."),
        statement_hint=_("Which information, and where did you see it? Your reasons, if you like."),
        outcomes=(
            Outcome.DELETED,
            Outcome.ANONYMISED,
            Outcome.PROCESSING_STOPPED,
            Outcome.SUPPRESSED_IN_OUTPUT,
            Outcome.QUEUED_FOR_RETRAINING,
        ),
        partial=frozenset(
            {
                Outcome.PROCESSING_STOPPED,
                Outcome.SUPPRESSED_IN_OUTPUT,
                Outcome.QUEUED_FOR_RETRAINING,
            }
        ),
        substitutes=frozenset({Outcome.PROCESSING_STOPPED}),
        notice="deletion_answer",
        california_type="delete",
        second_look=True,
    )
    EXPLAIN = ItemKindDefinition(
        code="explain",
        label=_("Have the processing explained"),
        wish=Wish.SHOW,
        form_position=80,
        explanation=_("We explain what we use information about you for, and by which rules."),
        statement_hint=_("What would you like to know?"),
        outcomes=(Outcome.PROVIDED,),
        notice="explanation_answer",
        california_type="automated_decisions",
    )
    RESTRICT = ItemKindDefinition(
        code="restrict",
        label=_("Limit the processing"),
        wish=Wish.OUT_OF_TRAINING,
        form_position=90,
        explanation=_("We keep the information, but use it only within limits."),
        statement_hint=_("Which use should be limited, and why?"),
        outcomes=(Outcome.PROCESSING_STOPPED,),
        notice="objection_answer",
        california_type="limit",
    )
    OBJECT = ItemKindDefinition(
        code="object",
        label=_("Object to the processing"),
        wish=Wish.OUT_OF_TRAINING,
        form_position=100,
        explanation=_("You have reasons why we should not use information about you."),
        statement_hint=_(
            "Which use do you object to, and what in your situation speaks against it?"
        ),
        outcomes=(Outcome.PROCESSING_STOPPED, Outcome.QUEUED_FOR_RETRAINING),
        partial=frozenset({Outcome.QUEUED_FOR_RETRAINING}),
        notice="objection_answer",
        california_type="opt_out",
    )
    WITHDRAW_CONSENT = ItemKindDefinition(
        code="withdraw_consent",
        label=_("Withdraw consent"),
        wish=Wish.OUT_OF_TRAINING,
        form_position=110,
        explanation=_("You once agreed, and have changed your mind."),
        statement_hint=_("To what had you agreed, and when, as far as you remember?"),
        outcomes=(Outcome.PROCESSING_STOPPED, Outcome.DELETED),
        plain=frozenset({Outcome.PROCESSING_STOPPED, Outcome.DELETED}),
        notice="objection_answer",
        notice_by_outcome={Outcome.DELETED: "deletion_answer"},
        california_type="opt_out",
    )
    TRANSFER = ItemKindDefinition(
        code="transfer",
        label=_("Transfer the information to another provider"),
        wish=Wish.SHOW,
        form_position=120,
        explanation=_("We send the information to another provider that you name."),
        statement_hint=_("To which provider, and what?"),
        statement_required=_("Write to which provider we should send the information."),
        outcomes=(Outcome.PROVIDED,),
        notice="access_answer",
        california_type="know",
        second_look=True,
    )
    OPT_OUT_TRAINING = ItemKindDefinition(
        code="opt_out_training",
        label=_("Keep information out of future training"),
        wish=Wish.OUT_OF_TRAINING,
        usual=True,
        form_position=70,
        explanation=_("Information about you is no longer used to train models."),
        statement_hint=_("Which information, or which pages and accounts of yours?"),
        outcomes=(Outcome.PROCESSING_STOPPED, Outcome.QUEUED_FOR_RETRAINING),
        plain=frozenset({Outcome.PROCESSING_STOPPED, Outcome.QUEUED_FOR_RETRAINING}),
        notice="objection_answer",
        california_type="opt_out",
    )
    MODEL_OUTPUT = ItemKindDefinition(
        code="model_output",
        label=_("Report what a model said about a person"),
        wish=Wish.WRONG_OUTPUT,
        usual=True,
        form_position=60,
        explanation=_("A model said something about you that is wrong, private or harmful."),
        page=QuestionPage(
            title=_("What did a model say about you?"),
            title_for_other=_("What did a model say about the person?"),
            questions=(
                Question(
                    detail="statement",
                    label=_("What did the model say?"),
                    hint=_(
                        "Copy the answer, or the part that matters. Screenshots can be added later."
                    ),
                    rows=5,
                    required=_("Write what the model said."),
                ),
                Question(
                    detail="prompts",
                    label=_("What had you typed? (optional)"),
                    hint=_("With the same words we can try to get the same answer again."),
                    rows=3,
                ),
                Question(
                    detail="correct",
                    label=_("What would be right? (optional)"),
                    hint=_("Leave it empty if the answer is true but should not be told."),
                    rows=2,
                ),
                Question(
                    detail="urls",
                    label=_("Links to the conversation (optional)"),
                    hint=_("One address per line."),
                    rows=2,
                    too_many=_("Give at most %(count)s links."),
                ),
            ),
            row=_("Answer %(number)s of a model"),
            add=_("Add another answer of a model"),
            remove=_("Remove answer %(number)s"),
        ),
        outcomes=(
            Outcome.SUPPRESSED_IN_OUTPUT,
            Outcome.CORRECTED,
            Outcome.DELETED,
            Outcome.QUEUED_FOR_RETRAINING,
        ),
        plain=frozenset({Outcome.SUPPRESSED_IN_OUTPUT, Outcome.CORRECTED}),
        partial=frozenset({Outcome.QUEUED_FOR_RETRAINING}),
        notice="deletion_answer",
        notice_by_outcome={Outcome.CORRECTED: "correction_answer"},
        california_type="correct",
    )
    COMPLAINT = ItemKindDefinition(
        code="complaint",
        label=_("Complain about how a request was handled"),
        wish=Wish.COMPLAIN,
        usual=True,
        form_position=130,
        explanation=_("You are not satisfied with how we handled an earlier request."),
        statement_hint=_("What went wrong? Give the number of the earlier case if you have it."),
        statement_required=_("Write what you are not satisfied with."),
        outcomes=(Outcome.PROVIDED,),
        notice="explanation_answer",
        california_type=None,
    )
    IP_CLAIM = ItemKindDefinition(
        code="ip_claim",
        label=_("Claim a work that was used for training"),
        wish=Wish.WORK_USED,
        usual=True,
        form_position=140,
        explanation=_("You hold the rights in a work that was used without your permission."),
        statement_hint=_("Which work, what right do you have in it, and where was it used?"),
        statement_required=_("Write which work it is, and what right you have in it."),
        outcomes=(
            Outcome.DELETED,
            Outcome.PROCESSING_STOPPED,
            Outcome.QUEUED_FOR_RETRAINING,
        ),
        plain=frozenset({Outcome.DELETED, Outcome.PROCESSING_STOPPED}),
        partial=frozenset({Outcome.QUEUED_FOR_RETRAINING}),
        notice="deletion_answer",
        california_type=None,
    )

    def __new__(cls, definition: ItemKindDefinition | str) -> Self:
        """Make the member of a definition; that of a code is looked up and never made."""
        assert isinstance(definition, ItemKindDefinition)
        member = str.__new__(cls, definition.code)
        member._value_ = definition.code
        member.definition = definition
        return member

    @property
    def label(self) -> Sentence:
        """Return what it is called, in the active language."""
        return self.definition.label


# In the order of the form.
KINDS_ON_FORM = tuple(sorted(ItemKind, key=lambda kind: kind.definition.form_position))


def kinds_of(wish: Wish) -> tuple[ItemKind, ...]:
    """Return the kinds that belong to a choice of the form, in the order of the form."""
    return tuple(kind for kind in KINDS_ON_FORM if kind.definition.wish == wish)


def outcomes_for(kind: str) -> tuple[Outcome, ...]:
    """Return the outcomes that staff may propose for an item of this kind, grants first."""
    common = (outcome for outcome in Outcome if outcome in NOT_GRANTED)
    return (*ItemKind(kind).definition.outcomes, *common)


def is_plain(kind: str, outcome: str) -> bool:
    """Return whether an outcome gives what an item of this kind asks for, under any law."""
    return outcome in ItemKind(kind).definition.plain_outcomes


def is_partial(kind: str, outcome: str) -> bool:
    """Return whether an outcome gives only a part of what an item of this kind asks for."""
    return outcome in ItemKind(kind).definition.partial


def stands_in(kind: str, outcome: str) -> bool:
    """Return whether an outcome stands in for what was asked by an item of this kind."""
    return outcome in ItemKind(kind).definition.substitutes

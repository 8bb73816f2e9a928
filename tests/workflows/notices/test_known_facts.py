"""What answers say of data is what the register knows; with several laws each authority has its law."""

from dataclasses import replace

import pytest

from tests.factories import ERIKA, REVIEWER, in_review_with_proof, register_training_data
from tests.workflows.cases.test_decision_rules import under
from workflows.cases.filing_request import FiledItem
from workflows.cases.models import Case
from workflows.cases.staff_actions import ItemProposal
from workflows.datasets.models import Dataset, Recipient
from workflows.notices import moves
from workflows.notices.answers import compose_answer
from workflows.notices.document import to_text
from workflows.notices.errors import ElementMissing
from workflows.notices.phrases import phrases
from workflows.regimes.services import get_regime
from workflows.vocabulary.outcomes import Outcome

pytestmark = pytest.mark.django_db


def asked_for(kind: str = "copy", language: str = "en") -> Case:
    return in_review_with_proof(replace(ERIKA, items=(FiledItem(kind),), language=language))


def propose(case: Case, outcome: str = Outcome.PROVIDED, **more) -> str:
    moves.propose_decision(
        case,
        REVIEWER,
        [ItemProposal(item, outcome, "Here it is.", **more) for item in case.items.all()],
    )
    return to_text(compose_answer(case).document)


class TestRegister:
    def test_an_answer_tells_what_is_registered(self):
        text = propose(asked_for())

        for field in Dataset.TOLD:
            assert getattr(Dataset.objects.get(), field) in text

    @pytest.mark.parametrize(
        ("field", "element"),
        [
            ("purposes", "purposes"),
            ("types", "categories"),
            ("disclosed_to", "recipients"),
            ("retention", "retention"),
        ],
    )
    def test_what_is_not_makes_the_element_missing_and_says_where_to_fill_it_in(
        self, field, element
    ):
        case = asked_for()
        Dataset.objects.update(**{field: ""})

        with pytest.raises(ElementMissing) as refused:
            propose(case)

        assert refused.value.elements == (element,)
        name = Dataset._meta.get_field(field).verbose_name
        assert f"Fill in “{name}” of the dataset Invented posts" in str(refused.value)
        assert case.items.get().outcome == ""

    def test_without_any_dataset_nothing_is_invented(self):
        case = asked_for()
        Dataset.objects.all().delete()

        with pytest.raises(ElementMissing, match="judge the matches, or register the dataset"):
            propose(case)

    def test_where_nothing_is_held_nothing_of_it_is_told(self):
        case = asked_for()
        Dataset.objects.all().delete()

        text = propose(case, Outcome.NOT_HELD)

        assert "What it is used for" not in text
        assert "Automated decisions" not in text

    def test_it_is_told_in_the_language_of_the_person(self):
        case = asked_for(language="zh-hans")
        translations = {"zh-hans": {"purposes": "训练语言模型"}}
        Dataset.objects.update(translations=translations)

        text = propose(case)

        assert "训练语言模型" in text
        assert "Training of language models" not in text

    def test_a_recipient_is_named_with_place_purpose_and_safeguard(self):
        case = asked_for()
        Recipient.objects.create(
            dataset=register_training_data(),
            name="Example Labs",
            purpose="benchmarks",
            country="US",
            safeguard="standard contractual clauses",
            given_on="2026-06-01",
        )

        text = propose(case)

        assert "Example Labs (benchmarks; United States; standard contractual clauses)" in text


class TestSeveralLaws:
    def test_each_authority_stands_with_its_law_that_of_the_residence_first(self):
        case = asked_for("delete")
        under(case, "CN", "EU")

        text = propose(case, Outcome.DELETED)

        eu, cn = (get_regime(code).authority_for(case.residence) for code in ("EU", "CN"))
        assert f"You can complain to: {eu.name.en} (European Union and EEA)." in text
        assert f"For what Mainland China gives you, you can also complain to {cn.name.en}" in text
        assert text.index(eu.name.en) < text.index(cn.name.en)
        assert f"Mainland China: {get_regime('CN').court.text.en}" in text

    def test_no_authority_is_named_of_a_law_that_is_not_one_of_the_case(self):
        text = propose(asked_for("delete"), Outcome.DELETED)

        for code in ("CN", "UK", "US-CA"):
            assert get_regime(code).authority_for("").name.en not in text

    def test_the_rights_are_those_of_all_laws(self):
        case = asked_for()
        under(case, "EU", "US-CA")

        text = propose(case)

        assert "Under the law that applies to you (European Union and EEA; California)" in text


def test_no_sentence_of_ours_says_either_or_that_it_stands_elsewhere():
    for language, words in {
        "en": ("stands with the reasons", "if there are any"),
        "zh-hans": ("写在上文",),
    }.items():
        for sentence in phrases(language).values():
            assert not any(word in sentence for word in words)

"""Every regime, kind and language: each element that the law prescribes is there, or it stays."""

import io
import re
from dataclasses import replace
from html import unescape

import pytest
from pypdf import PdfReader

from tests.workflows.notices.invented import DECIDED, MOMENT, OTHERS, case_for, facts_for
from workflows.cases.models import Case
from workflows.notices.composing import compose
from workflows.notices.document import Bullets, to_html, to_text
from workflows.notices.errors import ElementMissing
from workflows.notices.services import to_pdf
from workflows.notices.texts import bundled_texts, elements_prescribed
from workflows.regimes.services import all_regimes
from workflows.vocabulary.notices import NoticeElement, NoticeKind

pytestmark = pytest.mark.django_db

# Where laws ask for the same in the same words, as most of the American states do, one is enough.
CODES = [
    *{
        (
            *((kind, rule.elements) for kind, rule in regime.notices.items()),
            *(key for key in bundled_texts() if key[0] == regime.code),
        ): regime.code
        for regime in all_regimes()
    }.values()
]


def squeezed(text: str) -> str:
    """Leave out what the formats write differently: white space and the signs of lists."""
    return re.sub(r"\s|•|-", "", text)


def words_of(document, element) -> list[str]:
    """Return the passages by which a document says an element."""
    block = next(b for b in document.blocks if b.element == element)
    return [
        text
        for node in block.nodes
        for text in (node.items if isinstance(node, Bullets) else [node.text])
    ]


def in_each_format(document) -> list[str]:
    pages = [
        page.extract_text() for page in PdfReader(io.BytesIO(to_pdf(document, "P", MOMENT))).pages
    ]
    body = to_html(document).partition("<body>")[2]
    texts = (
        to_text(document),
        unescape(re.sub(r"<[^>]+>", " ", body)),
        "".join(re.sub(r"\d+ / \d+\s*$", "", page) for page in pages),
    )
    return [squeezed(text) for text in texts]


# The kinds that tell of no decision leave their case as it was, and share one.
@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("kinds", [*([kind] for kind in DECIDED), [*OTHERS]], ids=" ".join)
def test_each_prescribed_element_is_in_each_format_and_none_can_be_left_out(
    kinds, code, language, settings
):
    case = case_for(kinds[0], code, language, settings)
    for kind in kinds:
        _check_elements(case, kind)


def _check_elements(case: Case, kind: str) -> None:
    composed = compose(case, kind, facts_for(kind, case))

    composed.check()
    texts = in_each_format(composed.document)
    for element in elements_prescribed(case.lead_regime, kind):
        for words in words_of(composed.document, element):
            assert all(squeezed(words) in text for text in texts)
        lesser = composed.document.without(element)
        with pytest.raises(ElementMissing) as refused:
            replace(composed, document=lesser, contained={kind: lesser.elements}).check()
        assert str(NoticeElement(element).label) in str(refused.value)
        assert str(NoticeKind(kind).label) in str(refused.value)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("code", ["CN", "UK", "US-CA", "CA-QC"])
def test_a_refusal_tells_name_address_and_link_of_the_authority(code, language, settings):
    case = case_for("refusal", code, language, settings)
    authority = case.lead_regime.authority_for(case.residence)

    composed = compose(case, "refusal", facts_for("refusal", case))

    assert "authority" in composed.contained["refusal"]
    for text in in_each_format(composed.document):
        for words in (authority.name, authority.address):
            assert squeezed(words.in_language(language)) in text
        assert squeezed(authority.link) in text


def test_no_line_about_letters_stands_where_no_address_is_known(settings):
    case = case_for("refusal", "TW", "en", settings)

    document = compose(case, "refusal", facts_for("refusal", case)).document

    assert "Online: https://" in to_text(document)
    assert "By post" not in to_text(document)


def test_every_kind_of_notice_is_among_those_looked_at():
    assert {*DECIDED, *OTHERS} == {*NoticeKind} - {NoticeKind.ANSWER}

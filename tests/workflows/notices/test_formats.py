"""What a person wrote is words in every format, and nothing in it is lost."""

import io

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from tests.workflows.notices.invented import MOMENT
from workflows.notices.document import (
    Block,
    Bullets,
    Document,
    Heading,
    Paragraph,
    paragraphs,
    to_html,
    to_text,
)
from workflows.notices.services import to_pdf
from workflows.notices.template import TemplateSyntaxError, parse, render
from workflows.pdf.fonts import FontNotFound, font, font_file

EVIL = '#eval("1+1") *b* $x$ @a <b>&amp; {{ case }} {% now %} \\ // [x](y) {reasons}'


def document(*nodes, language: str = "en") -> Document:
    return Document("Case 1", language, (Block("", nodes),))


def read_pdf(made: Document) -> PdfReader:
    return PdfReader(io.BytesIO(to_pdf(made, "Provider", MOMENT)))


def test_what_a_person_wrote_is_never_markup():
    template = parse("# T\n\n[[reasons]]\n{reasons}\n")
    filled = render(template, {"reasons": EVIL}, {"reasons": frozenset({"reasons"})}, "en")

    assert EVIL in to_text(filled)
    html = to_html(filled).partition("<body>")[2]
    assert "<b>" not in html
    assert "&lt;b&gt;&amp;amp;" in html
    assert EVIL in read_pdf(filled).pages[0].extract_text().replace("\n", " ")


def test_a_character_without_a_picture_stands_as_its_code_point():
    made = document(Paragraph("Hi 😀 王小明 عربي"), Bullets(("𓀀",)), Heading("é 😀"))
    text = "".join(page.extract_text() for page in read_pdf(made).pages)

    for shown in ("[U+1F600]", "[U+0639]", "[U+13000]", "王小明", "é"):
        assert shown in text
    assert "😀" in to_text(made)
    assert "😀" in to_html(made)


@given(st.text(max_size=30))
def test_whatever_is_printed_the_font_can_show(text):
    ours = font()
    assert all(ord(s) in ours.code_points for s in ours.printable(text) if s != "\n")


@pytest.mark.parametrize(("language", "tag"), [("zh-hans", "zh-CN"), ("en", "en")])
def test_the_pdf_is_tagged_and_says_its_language_and_title(language, tag):
    read = read_pdf(document(Heading("A"), Paragraph("B"), language=language))

    assert read.root_object["/Lang"] == tag
    assert read.root_object["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in read.root_object
    assert (read.metadata.title, read.metadata.author) == ("Case 1", "Provider")
    assert "<html lang=" in to_html(document(Paragraph("B"), language=language))


def test_the_font_can_be_another_one(settings, tmp_path):
    other = tmp_path / "Other.ttf"
    with TTFont(font_file()) as own:
        for record in own["name"].names:
            if record.nameID in {1, 16}:
                record.string = "Another Sans"
        own.save(other)
    settings.NOTICE_FONT_PATH = str(other)

    assert font().family == "Another Sans"
    assert "王小明" in read_pdf(document(Paragraph("王小明"))).pages[0].extract_text()


def test_a_font_that_is_not_there_is_an_error(settings, tmp_path):
    settings.NOTICE_FONT_PATH = str(tmp_path / "none.ttf")

    with pytest.raises(FontNotFound):
        to_pdf(document(Paragraph("x")), "P", MOMENT)


def test_lines_and_paragraphs_of_a_text_stay_what_they_are():
    nodes = paragraphs("One\r\ntwo\n\n\n\nthree")

    assert nodes == (Paragraph("One\ntwo"), Paragraph("three"))
    assert "<p>One<br>two</p>" in to_html(document(*nodes))


class TestTheLanguageOfTexts:
    def test_a_line_whose_values_are_all_empty_is_left_out(self):
        template = parse("# T\n\nPay {fee}.\nBy {day}.\nThanks.\n\n- until {day}\n\nEnd.\n")
        filled = render(template, {"fee": "1", "day": ""}, {}, "en")

        assert filled.nodes == (Paragraph("Pay 1.\nThanks."), Paragraph("End."))

    def test_what_follows_such_a_line_begins_a_paragraph_of_its_own(self):
        filled = render(parse("# T\n\nOne.\n\n{day}.\nTwo.\n"), {"day": ""}, {}, "en")

        assert filled.nodes == (Paragraph("One."), Paragraph("Two."))

    def test_an_element_is_there_only_with_what_it_needs(self):
        template = parse("# T\n\n[[court]]\n## Court\n{court}\n\n[[apology]]\nSorry.\n")
        needed = {"court": frozenset({"court"})}

        assert render(template, {"court": "C"}, needed, "en").elements == {"court", "apology"}
        empty = render(template, {"court": ""}, needed, "en")
        assert empty.elements == {"apology"}
        assert "Court" not in to_text(empty)

    def test_a_heading_alone_says_nothing(self):
        assert render(parse("# T\n\n[[apology]]\n## Sorry\n"), {}, {}, "en").elements == frozenset()

    def test_doubled_braces_are_braces(self):
        assert "{x}" in to_text(render(parse("# T\n\nA {{x}}\n"), {}, {}, "en"))

    @pytest.mark.parametrize("body", ["", "T", "# T\n{", "# T\n{}", "# T\n{0}", "# T\n{a:>9}"])
    def test_what_cannot_be_read_is_refused_with_its_line(self, body):
        with pytest.raises(TemplateSyntaxError):
            parse(body)

"""Documents show texts as they are, in both languages, and can be read aloud."""

import io
from datetime import UTC, datetime

import pypdf
import pytest

from workflows.pdf import PdfError, render_pdf
from workflows.pdf.fonts import font_file

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
TEMPLATE = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title)
#set text(font: "Noto Sans SC", lang: "zh", region: "cn")
#title()
#data.body
"""


@pytest.fixture
def template(tmp_path):
    path = tmp_path / "template.typ"
    path.write_text(TEMPLATE)
    return path


def read(document):
    return pypdf.PdfReader(io.BytesIO(document))


def test_a_text_is_never_markup(template):
    body = '#eval("1 + 1") *bold* $x$ @ref <label> \\ // #read("/etc/passwd") 王小明（〇七）'
    pages = read(render_pdf(template, {"title": "查阅", "body": body}, at=AT)).pages
    shown = pages[0].extract_text()
    assert body in shown.replace("\n", "")
    assert "查阅" in shown


def test_it_is_tagged_has_a_title_and_a_language_and_carries_its_font(template):
    document = read(render_pdf(template, {"title": "查阅", "body": "x"}, at=AT))
    assert document.root_object["/MarkInfo"]["/Marked"]
    assert document.root_object["/Lang"] == "zh-CN"
    assert document.metadata.title == "查阅"
    assert document.metadata.creation_date == AT
    [font] = document.pages[0]["/Resources"]["/Font"].values()
    assert "NotoSansSC" in font.get_object()["/BaseFont"]


def test_the_same_data_give_the_same_bytes(template):
    data = {"title": "a", "body": "b"}
    assert render_pdf(template, data, at=AT) == render_pdf(template, data, at=AT)


def test_a_template_reads_nothing_beyond_its_folder(template):
    template.write_text('#set document(title: "x")\n#read("../secret")')
    (template.parents[1] / "secret").write_text("secret")
    with pytest.raises(PdfError):
        render_pdf(template, {}, at=AT)


def test_what_is_missing_in_the_data_is_an_error(template):
    with pytest.raises(PdfError, match="body"):
        render_pdf(template, {"title": "a"}, at=AT)


def test_the_font_is_there():
    assert font_file().is_file()

"""What is found in a text does not depend on the texts that stand before and behind it."""

from hypothesis import example, given
from hypothesis import strategies as st

from tests.workflows.corpus.support import WANG, patterns
from workflows.corpus.columns import Column
from workflows.corpus.match.scan import findings

KNOWN = patterns(WANG)
# Spellings, halves of them, and what begins or ends markup, words and numbers.
PIECES = """
王小明 王 小明 wang_xm wang xm wang.xm_7@mail.example.com @mail.example.com 13800138025 138 00138025
l3800l38025 l3800 38o25 一三八零零一三八零二五 一三八 zero two five 11010519491231002X 1101051949
weibo.com/u/12345678 /u/12345678 < <b > </b> <!-- --> [url= ] [b] & &#49; #49; % %31 31 \\n \\ u738b **
x o l i 7 77777777 一一一一一一一一 丨 138一0013一8025 é \ud83d
"""
TEXTS = st.lists(st.sampled_from([*PIECES.split(), " ", "\n", ""]), max_size=6).map("".join)


def found(*texts: str) -> list[set[tuple[object, ...]]]:
    """Return the findings in each of some texts that stand in one column."""
    by_text: list[set[tuple[object, ...]]] = [set() for _text in texts]
    for row, among in findings(Column.of_texts("text", texts), KNOWN):
        by_text[row] = {(f.identifier, f.start, f.end, f.certain) for f in among}
    return by_text


@given(st.lists(TEXTS, max_size=5))
@example(["tel l3800l38o25o", "next"])
@example(["abc", "l3800l38025"])
@example(["a <b", "13800138025", "c >"])
@example(["x", "by wang_xm", "y"])
@example(["138一0013一8025", "一个"])
@example(["77777777" * 9, "l3800l38025", "77777777" * 9])
def test_a_text_gives_the_same_findings_alone_and_among_others(texts):
    assert found(*texts) == [found(text)[0] for text in texts]


def test_texts_come_back_as_they_were_put_in():
    texts = ["王小明", "", "a\n", "\ud83d"]
    column = Column.of_texts("text", texts)
    assert [column.text(row) for row in range(len(column))] == ["王小明", "", "a\n", "?"]
    assert column.size == 9 + 0 + 2 + 1
    assert len(Column.of_texts("text", [])) == Column.of_texts("text", []).size == 0

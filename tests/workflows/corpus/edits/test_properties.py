"""Whatever stands in a snapshot: the applier changes what it is told to, once, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.corpus.edits.support import (
    FORMATS,
    WORDING,
    apply,
    change,
    entries,
    read,
    tree,
    write,
)
from workflows.corpus.entries import EditRefused

# Every character of Unicode but lone surrogates, which no Parquet file can hold.
TEXTS = st.text(max_size=60)
NAMES = st.sampled_from(FORMATS)


@st.composite
def planted(draw):
    """Draw texts, and for some of them a span that is to go."""
    texts = draw(st.lists(TEXTS, min_size=1, max_size=6))
    spans = {}
    for row, text in enumerate(texts):
        if text and draw(st.booleans()):
            start = draw(st.integers(0, len(text) - 1))
            spans[row] = (start, draw(st.integers(start + 1, len(text))))
    return texts, spans


def snapshot_of(folder, name, texts):
    write(folder / "old" / name, [{"id": f"d{n}", "text": text} for n, text in enumerate(texts)])
    return folder / "old"


@given(name=NAMES, texts=st.lists(TEXTS, min_size=1, max_size=6))
def test_an_empty_manifest_is_the_identity(tmp_path_factory, name, texts):
    folder = tmp_path_factory.mktemp("snapshot")
    old = snapshot_of(folder, name, texts)
    apply([], old, folder / "new")
    assert tree(folder / "new") == tree(old)


@given(name=NAMES, drawn=planted())
def test_each_span_goes_once_and_every_other_text_stays(tmp_path_factory, name, drawn):
    texts, spans = drawn
    folder = tmp_path_factory.mktemp("snapshot")
    old = snapshot_of(folder, name, texts)
    made = entries(
        old,
        *(
            change("redact", f"d{row}", start, end, file=name)
            for row, (start, end) in spans.items()
        ),
    )
    apply(made, old, folder / "new")
    expected = list(texts)
    for row, (start, end) in spans.items():
        expected[row] = texts[row][:start] + WORDING.redaction + texts[row][end:]
    assert [record["text"] for record in read(folder / "new" / name)] == expected
    if spans:
        with pytest.raises(EditRefused, match="applied to the snapshot before"):
            apply(made, folder / "new", folder / "newer")
        assert not (folder / "newer").exists()

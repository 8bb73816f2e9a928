"""Every sentence of the project can be read in every language that it offers."""

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from requests_portal.local.catalogue import gather
from requests_portal.local.messages import catalogues

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def sentences() -> list[Message]:
    return [message for message in gather() if message.id]


def _read(path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3])


def test_the_sentences_of_code_and_templates_are_found(sentences):
    ids = {message.id for message in sentences}

    assert "We received your request." in ids, "of the code"
    assert "How this date is computed" in ids, "of a template"


@pytest.mark.parametrize("path", catalogues(), ids=lambda path: path.parts[-3])
def test_every_sentence_is_translated(sentences, path):
    catalogue = _read(path)
    missing = []
    for message in sentences:
        kept = catalogue.get(message.id, message.context)
        translated = kept and not kept.fuzzy and kept.string
        if isinstance(translated, tuple):
            translated = all(translated)
        if not translated:
            missing.append(message.id)

    assert not missing, f"run `make messages`, then translate {len(missing)} sentences in {path}"


@pytest.mark.parametrize("path", catalogues(), ids=lambda path: path.parts[-3])
def test_placeholders_are_kept(path):
    faults = [
        f"{message.id}: {error}" for message, errors in _read(path).check() for error in errors
    ]

    assert not faults

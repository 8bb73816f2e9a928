"""Every sentence can be read in each language in which its readers are offered the portal.

What the public reads is in all languages that are shipped, pages of staff and regulators in two.
"""

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.checks import run_checks
from django.utils.translation import to_locale

from requests_portal.local.catalogue import gather
from requests_portal.local.messages import catalogues

pytestmark = pytest.mark.filterwarnings("default")

# Catalogues that hold every sentence. Of the others those are whole that come from here: pages for
# the public, mails, notices, and the words of the domain in them.
WHOLE = {to_locale(code) for code, _name in settings.STAFF_LANGUAGES}
PUBLIC = (
    "requests_portal/presentation/",
    "requests_portal/public/",
    "requests_portal/settings.py",
    "templates/base.html",
    "templates/emails/",
    "templates/errors/",
    "templates/public/",
    "workflows/accounts/account_log.py",
    "workflows/accounts/models/approvals.py",
    "workflows/cases/admission.py",
    "workflows/cases/attachments.py",
    "workflows/cases/drafts.py",
    "workflows/cases/errors.py",
    "workflows/cases/filing_request.py",
    "workflows/cases/malware.py",
    "workflows/cases/models/admission.py",
    "workflows/cases/models/correspondence.py",
    "workflows/cases/names.py",
    "workflows/cases/signed_receipt.py",
    "workflows/cases/timeline.py",
    "workflows/common/",
    "workflows/complaints/models.py",
    "workflows/complaints/names.py",
    "workflows/complaints/transition.py",
    "workflows/corrections/answer_parts.py",
    "workflows/corrections/receipt_texts.py",
    "workflows/corrections/recipients.py",
    "workflows/identity/contact.py",
    "workflows/lookups/findings.py",
    "workflows/regimes/explain.py",
    "workflows/vault/fields.py",
    "workflows/vocabulary/",
)


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


def test_what_names_the_public_names_files_that_are_there(sentences):
    places = {place for message in sentences for place, _line in message.locations}

    assert [each for each in PUBLIC if not any(place.startswith(each) for place in places)] == []


def test_each_language_has_its_catalogue():
    locales = {to_locale(code) for code in settings.SHIPPED_LANGUAGES} - {"en"}

    assert {path.parts[-3] for path in catalogues()} == locales


def test_each_language_has_its_notices(settings):
    settings.LANGUAGES = list(settings.SHIPPED_LANGUAGES.items())

    assert [each for each in run_checks(tags=["kinds"]) if each.id.startswith("notices.")] == []


@pytest.mark.parametrize("path", catalogues(), ids=lambda path: path.parts[-3])
def test_every_sentence_is_translated(sentences, path):
    catalogue = _read(path)
    is_whole = path.parts[-3] in WHOLE
    missing = []
    for message in sentences:
        if not is_whole and not any(place.startswith(PUBLIC) for place, _ in message.locations):
            continue
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

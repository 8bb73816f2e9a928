"""A request in a language that the provider chose, from the start page to the acknowledgement."""

from dataclasses import dataclass

import pytest
from django.core import mail
from django.test import Client
from django.utils import formats, translation

from tests.factories import ERIKA, file, walk
from tests.requests_portal.public.person import Visitor, text_of
from workflows.cases.attachments import read_attachment
from workflows.cases.lifecycle import State
from workflows.cases.models import Case
from workflows.outbox.services import drain

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, slots=True)
class Words:
    """What has to be read in one language; `{day}` is the last day, `{case}` the number."""

    start: str
    question: str
    place: str
    status: str
    due: str
    step: str
    mail: str
    title: str
    notice: str


WORDS = {
    "de": Words(
        start="Worauf Sie sich verlassen können",
        question="Was sollen wir tun?",
        place="Vereinigtes Königreich",
        status="Ihr Antrag ist bei uns. Bald sieht ihn sich jemand an.",
        due="Nach dem Gesetz müssen wir bis zum <strong>{day}</strong> antworten.",
        step="Ihr Antrag ging bei uns ein.",
        mail="Vorgang {case}: Wir haben Ihren Antrag erhalten",
        title="Vorgang {case}: Wir haben Ihren Antrag erhalten",
        notice="Wir antworten spätestens am {day}.",
    ),
    "fr": Words(
        start="Ce sur quoi vous pouvez compter",
        question="Que souhaitez-vous que nous fassions",
        place="Royaume-Uni",
        status="Nous avons votre demande. Quelqu’un l’examinera prochainement.",
        due="La loi nous oblige à répondre au plus tard le <strong>{day}</strong>.",
        step="Nous avons reçu votre demande.",
        mail="Dossier {case} : nous avons reçu votre demande",
        title="Dossier {case}\u00a0: nous avons reçu votre demande",
        notice="Nous répondrons au plus tard le {day}.",
    ),
    "es": Words(
        start="Con qué puede contar",
        question="¿Qué desea que hagamos?",
        place="Reino Unido",
        status="Tenemos su solicitud. Pronto la verá alguien.",
        due="Por ley debemos responder a más tardar el <strong>{day}</strong>.",
        step="Recibimos su solicitud.",
        mail="Expediente {case}: hemos recibido su solicitud",
        title="Expediente {case}: hemos recibido su solicitud",
        notice="Le responderemos a más tardar el {day}.",
    ),
}


@pytest.fixture(autouse=True)
def all_languages_are_offered(settings) -> None:
    settings.LANGUAGES = list(settings.SHIPPED_LANGUAGES.items())


def test_each_language_that_is_shipped_beside_the_default_is_read_here(settings):
    assert WORDS.keys() | {"zh-hans", "en"} == settings.SHIPPED_LANGUAGES.keys()


@pytest.mark.parametrize("language", WORDS)
def test_the_form_is_in_the_language(language):
    words, visitor = WORDS[language], Visitor(Client(), language)

    assert words.start in text_of(visitor.get(""))
    visitor.begin()
    assert words.question in text_of(visitor.get("request/wishes/"))
    visitor.walk("residence")
    assert words.place in text_of(visitor.get("request/residence/"))
    visitor.walk("check")
    assert f'<html lang="{language}">' in text_of(visitor.get("request/check/"))


@pytest.mark.parametrize("language", WORDS)
def test_page_mail_and_acknowledgement_are_in_the_language(language):
    filed = file(ERIKA, language=language)
    walk(filed.case, State.RECEIVED)
    drain()
    case, words = Case.objects.get(pk=filed.case.pk), WORDS[language]
    with translation.override(language):
        named = {"day": formats.date_format(case.due_on), "case": case.number}
    visitor = Visitor(Client(), language)
    visitor.log_in(case.number, filed.receipt)
    page = text_of(visitor.get("status/case/"))
    acknowledgement = case.notices.get(kind="acknowledgement")
    letters = [
        b"".join(read_attachment(each)).decode()
        for each in acknowledgement.files.exclude(media_type="application/pdf")
    ]

    for expected in (words.status, words.due, words.step):
        assert expected.format(**named) in page
    assert words.mail.format(**named) in [each.subject for each in mail.outbox]
    assert len(letters) == 2
    for letter in letters:
        assert words.title.format(**named) in letter
        assert words.notice.format(**named) in letter

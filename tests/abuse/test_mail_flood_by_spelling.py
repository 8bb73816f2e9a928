"""One mailbox is one address, however it is spelled, and a domain is flooded by nobody."""

import pytest
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from tests.factories import ERIKA, INTAKE, WANG, file
from workflows.cases import correspondence
from workflows.cases.models import Case
from workflows.mail.addresses import canonical_address, domain_of
from workflows.mail.models import MailTally
from workflows.mail.outbound import take_mail_quota
from workflows.outbox.models import Effect
from workflows.outbox.services import drain
from workflows.vocabulary.people import Assurance

pytestmark = pytest.mark.django_db
# All of these are delivered to the mailbox victim@shop.example, or may be.
SPELLINGS = [
    *(f"victim+{number}@shop.example" for number in range(20)),
    '"victim"@shop.example',
    '"vic\\tim"@shop.example',
    '"victim+quoted"@shop.example',
    '"victim+\\"\\@more"@shop.example',
    "Victim@SHOP.example",
    " victim@shop.example ",
    "victim@shop.example.",
    "ｖｉｃｔｉｍ@shop.example",
    "victim＠shop．example",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_each_spelling_counts_as_the_same_address(spelling) -> None:
    assert canonical_address(spelling) == "victim@shop.example"


@pytest.mark.parametrize(
    ("spelling", "canonical"),
    [
        ("v.i.c.tim+shop@gmail.com", "victim@gmail.com"),
        ("v.ictim@googlemail.com", "victim@gmail.com"),
        ("v.ictim@shop.example", "v.ictim@shop.example"),
        ("erika@bücher.example", "erika@xn--bcher-kva.example"),
        ("erika@BÜCHER.example", "erika@xn--bcher-kva.example"),
        ("erika@xn--bcher-kva.example", "erika@xn--bcher-kva.example"),
        ("+@shop.example", "+@shop.example"),
        ('"a b"@shop.example', "a b@shop.example"),
        ('"@"@shop.example', "@@shop.example"),
        ("no address", "no address"),
        ("", ""),
        (f"a@{'x' * 70}.example", f"a@{'x' * 70}.example"),
    ],
)
def test_what_is_told_apart_and_what_is_not(spelling, canonical) -> None:
    assert canonical_address(spelling) == canonical
    assert canonical_address(canonical) == canonical


@pytest.mark.parametrize(
    "text", ["", "@", '"', '"@', "a@b@c", "\ud800@x", "a@..", "＠", "+@", '"\\"@x']
)
def test_no_text_is_too_strange_to_be_counted(text) -> None:
    assert canonical_address(canonical_address(text)) == canonical_address(text)
    take_mail_quota(text, confirmed=False)


def is_accepted(address: str) -> bool:
    try:
        EmailValidator()(address)
    except ValidationError:
        return False
    return True


def test_filing_with_every_spelling_mails_one_mailbox_no_more_than_the_limit(
    settings, mailoutbox
) -> None:
    settings.MAILS_PER_ADDRESS_PER_DAY = 3
    assert sum(map(is_accepted, SPELLINGS)) > 20
    for spelling in filter(is_accepted, SPELLINGS):
        file(WANG, email=spelling)
    drain()
    assert len(mailoutbox) == 3


class TestTheDomain:
    @pytest.fixture(autouse=True)
    def two_a_day(self, settings) -> None:
        settings.MAILS_PER_DOMAIN_PER_DAY = 2

    def flood(self, domain: str, count: int = 4) -> list[bool]:
        return [take_mail_quota(f"{number}@{domain}", confirmed=False) for number in range(count)]

    def test_mailboxes_of_one_domain_are_not_flooded_by_names_made_up(self) -> None:
        assert self.flood("shop.example") == [True, True, False, False]
        assert self.flood("other.example") == [True, True, False, False]

    def test_another_spelling_is_the_same_domain(self) -> None:
        assert self.flood("bücher.example", 2) == [True, True]
        assert not take_mail_quota("erika@XN--BCHER-KVA.example.", confirmed=False)

    def test_who_confirmed_their_contact_is_not_silenced_by_it(self) -> None:
        self.flood("shop.example")
        assert take_mail_quota("erika@shop.example", confirmed=True)

    def test_mail_to_confirmed_contacts_does_not_count(self) -> None:
        assert all(take_mail_quota(f"{n}@shop.example", confirmed=True) for n in range(5))
        assert take_mail_quota("new@shop.example", confirmed=False)

    def test_an_address_over_its_own_limit_uses_up_nothing_of_its_domain(self, settings) -> None:
        settings.MAILS_PER_ADDRESS_PER_DAY = 1
        assert [take_mail_quota("erika@shop.example", confirmed=False) for _ in range(5)].count(
            True
        ) == 1
        assert take_mail_quota("other@shop.example", confirmed=False)

    @pytest.mark.parametrize("provider", ["gmail.com", "QQ.com", "163.com", "outlook.com"])
    def test_nobody_silences_a_provider_where_each_mailbox_is_somebody_elses(
        self, provider
    ) -> None:
        assert all(self.flood(provider, 6))

    def test_a_provider_can_be_named_in_the_settings(self, settings) -> None:
        settings.MAIL_PROVIDERS = ["shop.example"]
        assert all(self.flood("shop.example"))
        assert not all(self.flood("gmail.com"))

    def test_a_stranger_cannot_stop_the_mail_of_a_running_case(self, mailoutbox) -> None:
        case = file(ERIKA, email="erika@shop.example").case
        Case.objects.update(assurance=Assurance.CONTACT)
        drain()
        self.flood("shop.example")
        mailoutbox.clear()
        correspondence.write_to_person(case, INTAKE, "A word.")
        drain()
        assert [mail.to for mail in mailoutbox] == [["erika@shop.example"]]

    def test_what_is_over_the_limit_is_not_sent_and_fails_nothing(self, mailoutbox) -> None:
        for number in range(4):
            file(WANG, email=f"{number}@shop.example")
        drain()
        assert len(mailoutbox) == 2
        # Only the link that confirms an address comes later; without it nobody could go on.
        waiting = Effect.objects.exclude(state=Effect.State.DONE)
        assert {effect.kind for effect in waiting} <= {"mail.confirm_contact"}
        assert not waiting.exclude(last_error="").exists()

    def test_neither_address_nor_domain_is_stored(self) -> None:
        take_mail_quota("erika@shop.example", confirmed=False)
        stored = b"".join(bytes(row.address_digest) for row in MailTally.objects.all())
        assert MailTally.objects.count() == 2
        assert b"shop" not in stored
        assert domain_of("erika@shop.example") == "shop.example"

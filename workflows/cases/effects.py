"""What follows a commit in `cases`: mails that say that something waits."""

from collections.abc import Mapping

from django.core.mail import EmailMessage

from workflows.cases import malware
from workflows.cases.attachments import SCAN
from workflows.cases.lifecycle import ASKED, IN_PROGRESS, State
from workflows.cases.mail import mail_about
from workflows.cases.models import Case
from workflows.cases.recalculation import recompute_after_notice
from workflows.outbox.models import Effect
from workflows.outbox.periodic import periodic
from workflows.outbox.services import effect_handler, mail_handler

_ANY = frozenset(State)
# What waits in the portal: one mail template each, and the states of the case in which what the
# mail says is so. It may have waited for its server or for a limit, and the case have gone on.
WAITING: Mapping[str, frozenset[State]] = {
    "identity_request": frozenset({State.IDENTITY_NEEDED}),
    "identity_accepted": IN_PROGRESS - ASKED,
    "information_request": frozenset({State.INFORMATION_NEEDED}),
    "fee": frozenset({State.FEE_NEEDED}),
    "fee_settled": IN_PROGRESS - ASKED,
    "ended_unpaid": frozenset({State.EXPIRED}),
    "extension": IN_PROGRESS,
    "message": _ANY,
    "answer": _ANY,
    "merged": frozenset({State.MERGED}),
    "rejected_as_abuse": frozenset({State.REJECTED_AS_ABUSE}),
    "file_refused": _ANY,
}


def case_of(effect: Effect) -> Case:
    """Return the case that an effect is about, with its key."""
    return Case.objects.select_related("data_key").get(pk=effect.payload["case"])


def _something_waits(effect: Effect) -> EmailMessage | None:
    """Compose the mail that says that something waits, if that is still so."""
    case, template = case_of(effect), effect.kind.removeprefix("mail.")
    if case.erased_at is not None or case.state not in WAITING[template]:
        return None
    if template == "identity_accepted" and not case.assurance_set_by:
        return None
    return mail_about(case, template, effect, {"ended": case.is_final})


for _mail in WAITING:
    mail_handler(f"mail.{_mail}")(_something_waits)


@effect_handler(SCAN)
def scan_attachment(effect: Effect) -> None:
    """Have a file judged by the malware scanner."""
    malware.scan_attachment(str(effect.payload["attachment"]))


@effect_handler("cases.recompute")
def recompute_clocks(effect: Effect) -> None:
    """Derive the clocks of a case anew after a notice of days off."""
    recompute_after_notice(
        case_of(effect), str(effect.payload["region"]), int(effect.payload["year"])
    )


for _name, _path in {
    "drafts": "workflows.cases.drafts.purge_drafts",
    "files of drafts": "workflows.cases.drafts.purge_draft_files",
    "proofs of work": "workflows.cases.admission.purge_proofs",
    "idempotency keys": "workflows.cases.idempotency.purge_keys",
    "wrong passwords": "workflows.cases.sign_ins.purge_login_attempts",
}.items():
    periodic("purge", _name, _path)

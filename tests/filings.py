"""Files requests with the running stack over HTTP, and puts the questions of the failure tests."""

import json
import secrets
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.stack import Stack, eventually

# A filing that takes longer counts as not answered.
ANSWER_SECONDS = 10
# What the portal does by itself with each new case; each step stands in the log once.
STEPS = {"case.received", "case.assigned", "acknowledgement.sent"}
# The link to confirm the address, and the acknowledgement.
MAILS = 2
MAIL_KINDS = {"mail.confirm_contact", "notices.tell_of_acknowledgement"}
DELETE_POSTS = {"kind": "delete", "details": {"statement": "请删除我在论坛的帖子。"}}


@dataclass(frozen=True)
class Receipt:
    """What a person has in hand after the site said that the request is stored."""

    number: str
    secret: str
    email: str


def file_request(
    stack: Stack,
    attempt: str = "",
    through: str = "",
    *,
    name: str = "李示例",
    email: str = "",
    item: Mapping[str, Any] = DELETE_POSTS,
) -> Receipt:
    """File a request through the API and return its receipt; fail when no answer comes in time.

    The same `attempt` files the same request once; `through` is the address of a proxy before it.
    Without an address one is made up.
    """
    attempt = attempt or secrets.token_hex(16)
    email = email or f"p{attempt[:12]}@example.cn"
    body = {
        "items": [item],
        "residence": "CN",
        "language": "zh-hans",
        "subject_name": name,
        "email": email,
    }
    request = urllib.request.Request(
        f"{through or stack.url}/api/v1/requests/",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Idempotency-Key": attempt},
    )
    with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
        told = json.load(answer)
    return Receipt(told["case_number"], told["receipt"], email)


@dataclass(frozen=True)
class EffectRow:
    """How far one effect of a case is."""

    kind: str
    state: str
    attempts: int
    last_error: str
    is_leased: bool


def effects_of(stack: Stack, *receipts: Receipt) -> list[EffectRow]:
    """Return the effects of these cases."""
    rows = stack.query(
        "SELECT kind, outbox_effect.state, attempts, last_error, claimed_until IS NOT NULL"
        " FROM outbox_effect JOIN cases_case ON payload->>'case' = cases_case.id::text"
        " WHERE number = ANY(%s)",
        ([receipt.number for receipt in receipts],),
    )
    return [EffectRow(*row) for row in rows]


def wait_for_effects(stack: Stack, receipts: list[Receipt], seconds: float = 90) -> None:
    """Return when all effects of these cases are done; fail, naming those that are not."""

    def unfinished() -> list[EffectRow]:
        return [effect for effect in effects_of(stack, *receipts) if effect.state != "done"]

    try:
        eventually(lambda: not unfinished(), "all effects are done", seconds)
    except AssertionError as late:
        raise AssertionError(f"{late}: {Counter(unfinished())}") from None


def steps_in_log(stack: Stack, receipts: list[Receipt]) -> dict[str, Counter[str]]:
    """Return, for each case number, how often each step of the case stands in the log."""
    steps: dict[str, Counter[str]] = {receipt.number: Counter() for receipt in receipts}
    for number, name in stack.query(
        "SELECT number, ledger_event.name FROM ledger_event"
        " JOIN ledger_leaf ON event_id = ledger_event.id"
        ' JOIN cases_case ON pseudonym = "case" WHERE number = ANY(%s)',
        (list(steps),),
    ):
        steps[number][name] += 1
    return steps


def mail_ids(stack: Stack, receipt: Receipt) -> list[str]:
    """Return the ids of the mails that reached the person who filed, one for each delivery."""
    return [str(mail["Message-ID"]) for mail in stack.mails(to=receipt.email)]


def keep_checkpoint(stack: Stack, folder: Path) -> Path:
    """Keep the public checkpoint of the log in a file, as somebody outside would."""
    path = folder / "checkpoint"
    with urllib.request.urlopen(f"{stack.url}/ledger/checkpoint", timeout=10) as answer:
        path.write_bytes(answer.read())
    return path


def assert_nothing_lost_nor_doubled(stack: Stack, receipts: list[Receipt]) -> None:
    """Fail unless each acknowledged request and what follows it happened once.

    A mail repeated after a crash has the id of the first, and is one mail to its reader.
    """
    wait_for_effects(stack, receipts)

    def all_in_log() -> bool:
        return all(steps.keys() >= STEPS for steps in steps_in_log(stack, receipts).values())

    eventually(all_in_log, "the log holds all steps of all cases")
    for number, steps in steps_in_log(stack, receipts).items():
        assert set(steps.values()) == {1}, f"{number}: {steps}"
    mails: dict[str, set[str]] = defaultdict(set)
    for mail in stack.mails():
        mails[str(mail["To"])].add(str(mail["Message-ID"]))
    for receipt in receipts:
        assert len(mails[receipt.email]) == MAILS, receipt.number


def assert_log_extends(stack: Stack, checkpoint: Path) -> None:
    """Fail unless the whole log verifies and extends a checkpoint that was kept from before."""
    assert stack.manage("ledger_verify", "--previous", str(checkpoint)).endswith("OK\n")

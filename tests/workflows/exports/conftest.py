"""Exports of a small log with something of everything in it."""

from dataclasses import dataclass, field

import pytest

from tests.exports import Files, export, unpack


@dataclass
class World:
    """What the tests of exports look at; made once in a process, then independent of a database."""

    vkey: str = ""
    first: Files = field(default_factory=dict)
    china: Files = field(default_factory=dict)
    closed: Files = field(default_factory=dict)
    packed: Files = field(default_factory=dict)
    whole: Files = field(default_factory=dict)
    stray: Files = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    receipts: dict[str, str] = field(default_factory=dict)


_WORLD = World()


@pytest.fixture
def world(db: None) -> World:
    """A log of cases in many states and its exports.

    `china` continues `first` and has every form; `packed` has tiles instead of proofs, as if it
    were large.
    """
    if not _WORLD.vkey:
        build_world(_WORLD)
    return _WORLD


def build_world(made: World) -> None:
    from tests import factories as make
    from tests.complaints import take_to
    from workflows.cases import correspondence, staff_actions
    from workflows.cases.lifecycle import Action, State
    from workflows.cases.models import Case
    from workflows.cases.signed_receipt import signed_receipt
    from workflows.cases.transition import advance
    from workflows.complaints import services as complaints
    from workflows.complaints.lifecycle import State as ComplaintState
    from workflows.exports import log_folder
    from workflows.ledger.keys import log_vkey
    from workflows.ledger.models import Leaf
    from workflows.ledger.selectors import checkpoint_at, iter_proofs
    from workflows.retention.erasure import erase, request_erasure

    answered = make.make_case(State.ANSWERED)
    made.first = unpack(export())
    make.make_case(State.ANSWERED, make.ERIKA)
    closed = make.make_case(State.CLOSED)
    make.make_case(State.CONTESTED)
    make.make_case(State.REJECTED_AS_ABUSE)
    make.granted()
    proving = make.make_case(State.IDENTITY_NEEDED)
    correspondence.write_to_provider(proving, "My passport has the number X1234567.")
    erased = make.make_case(State.CLOSED)
    request_erasure(erased, make.OFFICER, "retention_over")
    erase(erased, make.OTHER_OFFICER)
    late = make.make_case(State.IN_REVIEW)
    clock = late.clocks.get(leads=True)
    facts = {"clock": clock.kind, "regime": "CN", "due_on": str(clock.due_on)}
    advance(late, Action.MARK_LATE, make.SYSTEM, facts=facts)
    staff_actions.log_case_view(late, make.REVIEWER, what="case")
    take_to(complaints.complain(late, "Nobody answers my letters."), ComplaintState.ANSWERED)
    complaints.complain(late, "And nobody answers this one.")
    names = {
        "answered": answered, "closed": closed, "proving": proving, "erased": erased, "late": late
    }  # fmt: skip
    made.numbers = {name: case.number for name, case in names.items()}
    made.receipts = {name: signed_receipt(case) for name, case in names.items()}
    made.receipts["european"] = signed_receipt(Case.objects.get(regime="EU"))
    kept = (made.first["log/checkpoint"].decode(),)
    made.closed = unpack(export(states=("closed",), previous=kept))
    made.whole = unpack(export(""))
    made.china = unpack(export(previous=kept, formats=("bom", "xlsx", "pdf")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_folder, "PROOFS_UP_TO", 5)
        made.packed = unpack(export(previous=kept))
    other = Case.objects.get(regime="EU").pseudonym
    leaf = Leaf.objects.filter(event__case=other).select_related("event").first()
    size = int(made.china["log/checkpoint"].split(b"\n")[1])
    [(index, proof)] = iter_proofs([leaf.index], checkpoint_at(size))
    made.stray = {
        f"log/proofs/{index}.entry": bytes(leaf.event.leaf),
        f"log/proofs/{index}.tlog-proof": proof.encode(),
    }
    made.vkey = log_vkey()

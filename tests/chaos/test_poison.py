"""An effect that kills every process which runs it."""

import uuid

import psycopg
import pytest

from tests.chaos.load import WORKER, beside, enqueue, states_of
from tests.filings import assert_nothing_lost_nor_doubled, file_request
from tests.stack import Stack, eventually
from workflows.outbox.handlers import MAX_ATTEMPTS

pytestmark = pytest.mark.chaos


def bring_next_attempt_forward(stack: Stack, effect: uuid.UUID) -> None:
    """Let the next attempt begin now and not, in the end, after an hour."""
    with psycopg.connect(stack.owner_url) as connection:
        connection.execute("UPDATE outbox_effect SET due_at = now() WHERE id = %s", [effect])


def test_a_poison_effect_ends_among_the_dead_letters_while_others_flow(chaos_stack):
    poison = uuid.uuid4()
    receipts = []
    chaos_stack.stop("worker")
    with beside(chaos_stack, (*WORKER, "--concurrency=2")):
        enqueue(chaos_stack, poison, "chaos.poison")
        for attempt in range(1, MAX_ATTEMPTS + 1):
            eventually(
                lambda attempt=attempt: chaos_stack.query(
                    "SELECT 1 FROM outbox_effect WHERE id = %s AND attempts = %s",
                    (poison, attempt),
                ),
                f"attempt {attempt} has begun",
            )
            receipts.append(file_request(chaos_stack))
            bring_next_attempt_forward(chaos_stack, poison)
        eventually(lambda: states_of(chaos_stack, [poison]) == {"dead"}, "it is dead")
        assert_nothing_lost_nor_doubled(chaos_stack, receipts)
    chaos_stack.start_again("worker")

    error = chaos_stack.query("SELECT last_error FROM outbox_effect WHERE id = %s", (poison,))
    assert error == [("WorkerLost",)]

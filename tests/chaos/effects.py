"""Two effects more, for a worker with `--include`: one is slow, one kills its process."""

import os
import signal
import time
from pathlib import Path

from workflows.ledger.append import append
from workflows.outbox.models import Effect
from workflows.outbox.services import effect_handler

DONE = "chaos.done"
# Several times the visibility timeout of the workers that run it.
SLOW_SECONDS = 10


@effect_handler("chaos.slow")
def be_slow(effect: Effect) -> None:
    """Take long, then note it in the log, and in a file that no transaction takes back."""
    time.sleep(SLOW_SECONDS)
    append(name=DONE, role="system", facts={"effect": str(effect.pk)})
    with (Path(os.environ["DATA_DIR"]) / "slow-effects").open("a", encoding="utf-8") as file:
        file.write(f"{effect.pk}\n")


@effect_handler("chaos.poison")
def kill_oneself(_effect: Effect) -> None:
    """End the process without a word, as the kernel does when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)

"""The commands of the log: plain output, exit codes, a clean stop."""

import os
import signal
import subprocess
import sys
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from workflows.ledger import append, keys, selectors, sequencer


def append_events(count=1):
    with transaction.atomic():
        for _ in range(count):
            append.append(name="case.viewed", role="reviewer")


def output(capsys, *args):
    call_command(*args)
    return capsys.readouterr().out


def test_the_key_is_printed(capsys):
    assert output(capsys, "ledger_key") == f"{keys.log_vkey()}\n"
    receipts = keys.signer_for("receipts").verifier.vkey
    assert output(capsys, "ledger_key", "--receipts") == f"{receipts}\n"


@pytest.mark.django_db
def test_one_pass_prints_the_size(capsys):
    append_events(3)
    assert output(capsys, "ledger_sequencer", "--once") == "3\n"
    assert selectors.backlog().count == 0


@pytest.mark.django_db
def test_one_pass_over_a_log_of_another_origin_fails(settings):
    append_events()
    sequencer.sequence()
    append_events()
    settings.LEDGER_ORIGIN = "other.example/log"
    with pytest.raises(CommandError, match="cannot go on from its checkpoint of size 1"):
        call_command("ledger_sequencer", "--once")


@pytest.mark.django_db
def test_verification_says_what_it_checked_and_what_not(capsys):
    append_events(3)
    sequencer.sequence()
    append_events()
    root = selectors.latest_checkpoint().root.hex()
    assert output(capsys, "ledger_verify").splitlines() == [
        "events 3",
        "checkpoints 2",
        "cosignatures 0",
        "waiting 1",
        f"root {root}",
        "not checked: timestamps (TIMESTAMP_CERTIFICATES is not set)",
        "not checked: whether an earlier checkpoint still holds (--previous)",
        "OK",
    ]


@pytest.mark.django_db
def test_verification_with_a_kept_checkpoint(capsys, tmp_path):
    append_events(3)
    sequencer.sequence()
    kept = tmp_path / "checkpoint"
    kept.write_text(selectors.latest_checkpoint().note)
    append_events()
    sequencer.sequence()
    lines = output(capsys, "ledger_verify", "--previous", str(kept)).splitlines()
    assert (lines[0], lines[-1], len(lines)) == ("events 4", "OK", 7)
    kept.write_text("garbage")
    with pytest.raises(CommandError, match="The kept checkpoint cannot be used"):
        call_command("ledger_verify", "--previous", str(kept))
    with pytest.raises(CommandError, match=r"Cannot read .*missing: No such file"):
        call_command("ledger_verify", "--previous", str(tmp_path / "missing"))


@pytest.mark.django_db
def test_verification_of_a_log_that_never_was(capsys):
    with pytest.raises(CommandError, match="the sequencer has never run"):
        call_command("ledger_verify")


@pytest.mark.django_db(transaction=True)
def test_the_process_sequences_and_stops_cleanly():
    database = connection.settings_dict
    role = django_settings.DATABASE_RUNTIME_ROLE
    url = f"postgresql://{role}@/{database['NAME']}?host={quote(database['HOST'], safe='')}"
    process = subprocess.Popen(
        [sys.executable, "manage.py", "ledger_sequencer", "--skip-checks"],
        cwd=django_settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": url, "DATABASE_ROLE": "runtime", "LOG_LEVEL": "INFO"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        append_events()
        said = next(line for line in process.stderr if "Sequenced" in line)
        assert "Sequenced 1 events; the log has 1." in said
        assert selectors.latest_checkpoint().size == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.stderr.close()
        process.wait()

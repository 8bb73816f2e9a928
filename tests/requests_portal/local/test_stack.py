"""The whole portal on one machine, from outside."""

import os
import shutil
import subprocess
import sys
import urllib.request

import psutil
import psycopg
import pytest

from requests_portal.local.folders import PROJECT
from requests_portal.local.processes import PORTAL
from tests.stack import Stack, eventually

pytestmark = pytest.mark.stack


def worker_answers(stack: Stack) -> bool:
    """Send a message through the broker to the worker and back."""
    result = subprocess.run(
        [sys.executable, "-m", "celery", "--app", "requests_portal.celery", "inspect", "ping"],
        cwd=PROJECT,
        env=stack.environment | {"REDIS_URL": stack.broker_url},
        capture_output=True,
        text=True,
        check=False,
    )
    return "pong" in result.stdout


def site_answers(stack: Stack) -> bool:
    try:
        with urllib.request.urlopen(f"{stack.url}/accounts/login/", timeout=10) as answer:
            return answer.status == 200
    except OSError:
        return False


def test_every_process_of_the_table_runs(stack):
    eventually(lambda: set(stack.pids()) >= {p.name for p in PORTAL}, "all processes run")


def test_the_site_answers(stack):
    assert eventually(lambda: site_answers(stack), "the site answers")


def test_the_worker_answers_over_the_broker(stack):
    assert eventually(lambda: worker_answers(stack), "the worker answers")


def test_web_and_worker_come_back_when_killed(stack):
    stack.kill("web")
    stack.kill("worker")
    assert eventually(lambda: site_answers(stack), "the site answers again")
    assert eventually(lambda: worker_answers(stack), "the worker answers again")


def test_the_site_serves_without_a_broker_and_the_worker_finds_it_again(stack):
    stack.stop("broker")
    assert site_answers(stack)
    stack.start_again("broker")
    assert eventually(lambda: worker_answers(stack), "the worker answers again")


def test_the_processes_may_not_alter_tables(stack):
    with psycopg.connect(stack.environment["DATABASE_URL"]) as runtime:
        runtime.execute("SELECT count(*) FROM auth_user")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            runtime.execute("DROP TABLE auth_user")
    for name in (process.name for process in PORTAL):
        environment = psutil.Process(stack.pids()[name]).environ()
        assert "DATABASE_OWNER_URL" not in environment


def test_a_second_start_in_the_same_folder_is_refused(stack):
    result = subprocess.run(
        [sys.executable, "-m", "requests_portal.local.run"],
        cwd=PROJECT,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "runs already" in result.stderr


def test_everything_ends_when_the_test_process_is_killed(python, stack):
    hold = (
        "import os, sys; from tests.stack import Stack\n"
        "s = Stack(os.environ['DATABASE_OWNER_URL'], os.environ['DATABASE_URL'], sys.argv[1])\n"
        "s.start(); print(s.folder, *s.pids().values(), flush=True); sys.stdin.read()"
    )
    database = f"{stack.database}_held"
    holder = python(hold, database)
    folder, *pids = holder.stdout.readline().split()
    processes = [psutil.Process(int(pid)) for pid in pids]
    assert len(processes) >= len(PORTAL)
    holder.kill()
    eventually(lambda: not any(p.is_running() for p in processes), "all processes have ended")
    shutil.rmtree(folder, ignore_errors=True)  # a child may empty it yet
    Stack(os.environ["DATABASE_OWNER_URL"], os.environ["DATABASE_URL"], database).end()

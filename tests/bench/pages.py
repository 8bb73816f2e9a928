"""How long the pages of staff and of regulators take where there are many cases, and what they weigh.

    python tests/bench/pages.py [/tmp/before] [--cases N] [--rounds N]

A web process of the real server answers over HTTP, as a browser asks. Printed of each page are the
median and the 95th percentile of `ASKED` answers in milliseconds, the kilobytes on the wire and the
statements; then the memory of the process after all of them, and the time of `make_cases`. With
another working tree both are measured in turn, see `_two_trees`. A million cases take 5 GB of disk
for each tree, and ten minutes to make.
"""

import contextlib
import importlib.util
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from _many_cases import ORIGINALS, fill
from _two_trees import main

ASKED = 20
STARTED_SECONDS = 60
# Some that are looked at most; where the law counts differently in others, nothing is slower.
REGIME, YEAR = "CN", 2025
ERIKA_ADDRESS = "erika@example.de"


def prepare(cases: int) -> None:
    """Make the cases, unless an earlier round of this tree has made them."""
    import psycopg
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.utils import timezone

    from requests_portal.local.postgres import OWNER_ROLE, SUPERUSER
    from tests import factories, personas
    from workflows.cases.models import Case
    from workflows.routing.models import Assignment, Team
    from workflows.samples.bulk_cases import make_bulk_cases

    if User.objects.exists():
        return
    personas.make_staff("intake", "intake")
    personas.make_regulator("regulator", REGIME)
    team = Team.objects.create(name="Intake")
    for _made in make_bulk_cases(ORIGINALS, seed=1):
        pass
    Assignment.objects.bulk_create(
        Assignment(case=case, team=team, assigned_at=timezone.now()) for case in Case.objects.all()
    )
    address = os.environ["DATABASE_OWNER_URL"].replace(OWNER_ROLE, SUPERUSER)
    with psycopg.connect(address, autocommit=True) as database:
        fill(database, cases)
        if importlib.util.find_spec("workflows.oversight.facts"):
            from workflows.oversight.facts import derive_anew

            derive_anew()
        database.execute("VACUUM (ANALYZE)")
    # Not copied, so that it can be opened.
    factories.make_case("in_review", factories.ERIKA)
    call_command("collectstatic", "--no-input", verbosity=0)


def pages() -> dict[str, tuple[str, str, dict[str, str]]]:
    """Return by name who asks, for which address, and what is sent with it, if anything."""
    from requests_portal.staff.queue.search import find_cases
    from workflows.cases.models import Case, EventContent

    (case,) = find_cases(ERIKA_ADDRESS)
    # Only originals have what was committed to.
    originals = Case.objects.filter(pk__in=EventContent.objects.values("case"))
    file = originals.filter(regime=REGIME).latest("filed_at")
    staff, regulator = "/staff/cases/case/", "/en/regulators/"
    return {
        "queue": ("intake", staff, {}),
        "queue, page 100": ("intake", f"{staff}?p=100", {}),
        "queue, answered": ("intake", f"{staff}?group=answered", {}),
        "queue, all of a law": ("intake", f"{staff}?group=all&regime={REGIME}", {}),
        "queue, late": ("intake", f"{staff}?due=late", {}),
        "case": ("intake", f"{staff}{case.pk}/change/", {}),
        "search by number": ("intake", f"{staff}search/", {"term": case.number}),
        "search by part": ("intake", f"{staff}search/", {"term": case.number[5:]}),
        "search by e-mail": ("intake", f"{staff}search/", {"term": ERIKA_ADDRESS}),
        "regulator": ("regulator", regulator, {}),
        "regulator, cases": ("regulator", f"{regulator}cases/", {}),
        "regulator, last page": ("regulator", f"{regulator}cases/?page=100000", {}),
        "regulator, late": ("regulator", f"{regulator}cases/?late=on", {}),
        "regulator, a kind": ("regulator", f"{regulator}cases/?kind=copy&state=closed", {}),
        "regulator, case": ("regulator", f"{regulator}cases/{file.number}/", {}),
        "regulator, statistics": ("regulator", f"{regulator}statistics/", {}),
        "regulator, a period": (
            "regulator",
            f"{regulator}statistics/?since={YEAR}-02-10&until={YEAR}-05-20",
            {},
        ),
        "regulator, yearly": ("regulator", f"{regulator}statistics/yearly/?year={YEAR}", {}),
        "regulator, exports": ("regulator", f"{regulator}exports/", {}),
    }


def measure(cases: int) -> dict[str, float]:
    """Measure the tree of the working folder; return figures by name."""
    os.environ["STATIC_ROOT"] = f"{os.environ['MEDIA_ROOT']}-static"
    os.environ["PUBLIC_BASE_URL"] = "http://localhost"
    os.environ["ALLOWED_HOSTS"] = "localhost,testserver"
    import django

    django.setup()
    prepare(cases)
    figures: dict[str, float] = {}
    with served() as (port, process):
        for name, (who, path, sent) in pages().items():
            figures |= {f"{name}, {what}": n for what, n in ask(port, who, path, sent).items()}
        figures["memory of the web process, MB"] = memory(process)
    figures["a thousand cases by make_cases, s"] = seconds_of_make_cases()
    return figures


@contextlib.contextmanager
def served() -> Iterator[tuple[int, int]]:
    """Serve the portal by one process; give its port and the id of the process that answers."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    os.set_inheritable(listener.fileno(), True)
    server = subprocess.Popen(
        [sys.executable, "-m", "requests_portal.server"],
        env=os.environ
        | {"LISTEN_FD": str(listener.fileno()), "WEB_CONCURRENCY": "1", "SERVES_REQUESTS": "yes"},
        pass_fds=[listener.fileno()],
        stdout=subprocess.DEVNULL,
    )
    try:
        connection = HTTPConnection("127.0.0.1", port, timeout=STARTED_SECONDS)
        connection.request("GET", "/livez")
        connection.getresponse().read()
        yield port, worker_of(server.pid)
    finally:
        server.terminate()
        server.wait()
        listener.close()


def worker_of(pid: int) -> int:
    """Return the child of the server with the most memory: it answers."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return max(map(int, children), key=memory)


def memory(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def ask(port: int, who: str, path: str, sent: dict[str, str]) -> dict[str, float]:
    """Ask for a page again and again; return milliseconds, kilobytes and statements."""
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tests.personas import signed_in

    client = signed_in(User.objects.get(username=who), fresh=True)
    client.get("/staff/")
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    if sent:
        sent = sent | {"csrfmiddlewaretoken": cookies["csrf"]}
    with CaptureQueriesContext(connection) as statements:
        client.post(path, sent) if sent else client.get(path)
    web = HTTPConnection("127.0.0.1", port, timeout=STARTED_SECONDS)
    headers = {
        "Host": "localhost",
        "Accept-Encoding": "gzip",
        "Accept-Language": "en",
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": "http://localhost",
    }
    times, size = [], 0
    for number in range(ASKED + 2):
        began = time.perf_counter()
        web.request("POST" if sent else "GET", path, urlencode(sent) or None, headers)
        answer = web.getresponse()
        size = len(answer.read())
        if answer.status not in {200, 302}:
            sys.exit(f"{path}: {answer.status}")
        # What is loaded by the first of all, the second has as every later one.
        if number >= 2:
            times.append((time.perf_counter() - began) * 1000)
    return {
        "median ms": statistics.median(times),
        "p95 ms": statistics.quantiles(times, n=20)[-1],
        "kB": size / 1000,
        "statements": len(statements),
    }


def seconds_of_make_cases() -> float:
    """Return what a thousand more cases take, in the command's own words."""
    from io import StringIO

    from django.core.management import call_command

    said = StringIO()
    call_command("make_cases", "1000", stdout=said)
    (seconds,) = (line.split()[1] for line in said.getvalue().splitlines() if "seconds" in line)
    return float(seconds)


if __name__ == "__main__":
    main(__file__, __doc__, measure, cases=100_000)

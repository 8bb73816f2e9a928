"""Filing over HTTP: the server of the portal, and clients that wait for each answer.

    python tests/bench/web.py [/tmp/before] [--clients N] [--filings N] [--rounds N]

The server is started as `make run` starts it, with a broker, without workers. One client measures how
long an answer takes, several how many come in a second; bodies have one person and two items, and
each filing is an attempt of its own. What the clients need of the processor is not in the server's.
"""

import http.client
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

from _two_trees import answers, free_port, main, processor_seconds, running, wait_until

ADDRESS = "/api/v1/requests/"
BODY = {
    "residence": "CN",
    "language": "zh-hans",
    "subject_name": "王小明",
    "email": "xiaoming.wang@example.cn",
    "service": "示例助手",
    "identifiers": [{"kind": "phone", "value": "138 0000 1234"}],
    "items": [
        {
            "kind": "correct",
            "details": {"claimed": "王小明住在杭州。", "correct": "王小明住在成都。"},
        },
        {"kind": "copy", "details": {"statement": "请把你们收集的、与我有关的信息给我一份。"}},
    ],
}


def over_http(clients: int, filings: int) -> dict[str, float]:
    """Serve the tree of the working folder, file by one client and by several, and end the server."""
    from requests_portal.local.processes import PORTAL
    from requests_portal.local.valkey import Broker

    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(Path(folder) / "broker")
        broker.start()
        os.environ.update(
            REDIS_URL=broker.url,
            DATA_DIR=folder,
            STATIC_ROOT=f"{folder}/static",
            WEB_BIND=f"127.0.0.1:{port}",
            API_CALLS_PER_MINUTE_ANONYMOUS="10000000",
            INTAKE_BUSY_FILINGS="10000000",
        )
        collect = [sys.executable, "-m", "django", "collectstatic", "--no-input", "--verbosity=0"]
        subprocess.run(collect, check=True)
        [web] = [process.argv for process in PORTAL if process.name == "web"]
        try:
            with running(*web, tree=Path.cwd()) as server:
                wait_until(lambda: is_ready(port))
                file_by(port, clients, 100)
                seconds, times = file_by(port, 1, filings // 4)
                figures = {
                    "milliseconds an answer, one client, median": statistics.median(times) * 1e3
                }
                busy = processor_seconds(server.pid)
                seconds, times = file_by(port, clients, filings)
                busy = processor_seconds(server.pid) - busy
                name = f"{clients} clients"
                return figures | {
                    f"filings a second, {name}": filings / seconds,
                    f"milliseconds an answer, {name}, 95th percentile": (
                        statistics.quantiles(times, n=20)[-1] * 1e3
                    ),
                    f"milliseconds of the server's CPU a filing, {name}": busy / filings * 1e3,
                    "memory of the server's process, MB": memory(server.pid),
                }
        finally:
            broker.stop()


def is_ready(port: int) -> bool:
    """Tell whether the server answers; it listens before its process is there."""
    if not answers(port):
        return False
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/livez")
    return connection.getresponse().status == HTTPStatus.OK


def file_by(port: int, clients: int, filings: int) -> tuple[float, list[float]]:
    """File with so many connections at once; return the seconds of all, and those of each answer."""
    body = json.dumps(BODY)
    numbers, times = iter(range(filings)), list[float]()
    taking = threading.Lock()

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            with taking:
                if next(numbers, None) is None:
                    return
            headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
            begin = time.perf_counter()
            connection.request("POST", ADDRESS, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            times.append(time.perf_counter() - begin)
            if answer.status != HTTPStatus.CREATED:
                raise RuntimeError(f"{answer.status}: {content[:500]!r}")

    begin = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        for finished in [pool.submit(client) for _ in range(clients)]:
            finished.result()
    return time.perf_counter() - begin, times


def memory(pid: int) -> float:
    """Return the megabytes that the largest child of a process holds in memory."""
    sizes = []
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(
                line.split(":", 1) for line in path.read_text().splitlines() if ":" in line
            )
        except OSError:
            continue
        if int(lines["PPid"]) == pid and "VmRSS" in lines:
            sizes.append(int(lines["VmRSS"].split()[0]) / 1000)
    return max(itertools.chain(sizes, [0.0]))


if __name__ == "__main__":
    main(__file__, __doc__, over_http, clients=8, filings=600)

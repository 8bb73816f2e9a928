"""How gunicorn serves the portal; `docs/operate.md` lists the variables."""

import os

from requests_portal.environment import env_int, env_str

bind = env_str("WEB_BIND", "127.0.0.1:8000")
workers = env_int("WEB_CONCURRENCY", 2, minimum=1)
worker_class = "gthread"
threads = env_int("WEB_THREADS", 8, minimum=1)
timeout = 60
graceful_timeout = 20
# The heartbeat file must not lie on a disk that can stall.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112
# Nobody steers a running server by hand; the socket would lie in the home folder.
control_socket_disable = True
# An access log would join internet addresses to case numbers.
accesslog = None

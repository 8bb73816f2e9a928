"""The domain: what a case is, what the law allows, what happened, what must happen next.

Nothing in this package knows a request, a form or an address. Everything in it runs the same
from a shell, a test or a Celery worker. Each package has one subject, and most are Django apps with
models, services and migrations of their own; `pyproject.toml` writes down which package may call
which.
"""

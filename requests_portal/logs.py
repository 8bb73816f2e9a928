"""How log lines look, and that none holds the secret of a mailed link.

Whoever has such a link may do what it is for, and Django logs the address of each request that it
refuses or fails at.
"""

import logging
import re
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from requests_portal.environment import env_choice, env_str

REDACTED = "[redacted]"
_SLASH = "(?:/|%2F)"
# What stands behind one of these in an address. `tests/abuse/test_secrets_in_logs.py` holds them
# against all addresses that have a token in them.
_NAMED = rf"{_SLASH}(?:confirm|confirm-email|recipients|invitation|reset{_SLASH}key){_SLASH}"
# Any other long part of an address is as good as one, such as of a link that was misspelt.
_SECRET = re.compile(
    rf"({_NAMED})[^/\s?&#'\"<>\\]+|({_SLASH})[\w-]{{40,}}", re.ASCII | re.IGNORECASE
)


def redact(text: str) -> str:
    """Return a text in which the secrets of addresses are left out."""
    return _SECRET.sub(lambda found: f"{found[1] or found[2]}{REDACTED}", text)


class LineFormatter(logging.Formatter):
    """Writes a record as a line, with its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without secrets of addresses."""
        return redact(super().format(record))


class JSONFormatter(JsonFormatter):
    """Writes a record as JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the JSON without secrets of addresses."""
        return redact(super().format(record))


def logging_config() -> dict[str, Any]:
    """Return how Django, Celery and the web server log: what `logging.config.dictConfig` takes."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"correlation": {"()": "workflows.outbox.correlation.CorrelationFilter"}},
        "formatters": {
            "line": {
                "()": "requests_portal.logs.LineFormatter",
                "fmt": "{asctime} {levelname} {name} [{correlation_id}] {message}",
                "style": "{",
            },
            "json": {
                "()": "requests_portal.logs.JSONFormatter",
                "fmt": "{levelname}{name}{correlation_id}{message}",
                "style": "{",
                "timestamp": True,
                "rename_fields": {"levelname": "level", "name": "logger"},
            },
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": env_choice("LOG_FORMAT", "line", ["line", "json"]),
                "filters": ["correlation"],
                # Not the stream itself: the web server hands this on to processes of its own.
                "stream": "ext://sys.stderr",
            },
        },
        "root": {"handlers": ["console"], "level": env_str("LOG_LEVEL", "INFO")},
        "loggers": {
            "axes": {"level": "WARNING"},
            # A task that starts and one that ends are no news.
            "celery": {"level": "WARNING"},
            "django.server": {"level": "WARNING"},
            # Django would mail tracebacks to the administrators: they could hold personal data.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
        },
    }

"""Strict readers of the environment: a wrong value stops the start and says why."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}
# 128 random bits in base64.
_SHORTEST_TOKEN = 22

# A connection whose other end is gone is given up after about a minute, in every process.
KEEPALIVES = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}


def env_str(name: str, default: str = "") -> str:
    """Return the variable `name`, or the contents of the file named by `name`_FILE, or `default`.

    The `_FILE` form is for secrets mounted as files. Setting both is refused.
    """
    value, path = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if value is not None and path:
        raise ImproperlyConfigured(f"Set {name} or {name}_FILE, not both.")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE: cannot read {path}: {error}") from error
    return default if value is None else value


def env_token(name: str) -> str:
    """Return a secret that others must not guess, as in `env_str`; a short one is refused."""
    value = env_str(name)
    if value and len(value) < _SHORTEST_TOKEN:
        raise ImproperlyConfigured(f"{name} must have {_SHORTEST_TOKEN} symbols at least.")
    return value


def env_bool(name: str, *, default: bool) -> bool:
    """Return a yes/no variable; anything but yes, no, true, false, on, off, 1, 0 is refused."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be yes or no, not {value!r}.")


def env_int(name: str, default: int, *, minimum: int | None = None) -> int:
    """Return a whole number, refused below `minimum`."""
    value = os.environ.get(name)
    if value is None:
        return default
    try:
        number = int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from error
    if minimum is not None and number < minimum:
        raise ImproperlyConfigured(f"{name} must be at least {minimum}, not {number}.")
    return number


def env_choice(name: str, default: str, choices: list[str]) -> str:
    """Return a variable that is one of some choices."""
    value = os.environ.get(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value


def env_list(name: str, default: list[str]) -> list[str]:
    """Return a comma-separated list without empty entries, also from a file as in `env_str`."""
    if name not in os.environ and f"{name}_FILE" not in os.environ:
        return default
    return [part.strip() for part in env_str(name).split(",") if part.strip()]


def env_choices(name: str, default: list[str], choices: list[str], *, needed: str) -> list[str]:
    """Return a comma-separated list of some choices, each once and `needed` among them."""
    values = env_list(name, default)
    for value in values:
        if value not in choices:
            raise ImproperlyConfigured(f"{name} may name {', '.join(choices)}, not {value!r}.")
    if needed not in values:
        raise ImproperlyConfigured(f"{name} must name {needed!r} too.")
    return list(dict.fromkeys(values))


def env_named(prefix: str) -> dict[str, str]:
    """Return all variables that begin with `prefix`, by the rest of their names in lower case.

    Each may be given as the path of a file instead, as in `env_str`.
    """
    names = {name.removesuffix("_FILE") for name in os.environ if name.startswith(prefix)}
    return {name.removeprefix(prefix).lower(): env_str(name) for name in sorted(names)}


def database_from_url(url: str) -> dict[str, Any]:
    """Turn a `postgresql://` address into Django's settings; a socket folder goes in `?host=`."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgresql://, the only database.")
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", None) or parts.hostname or "",
        "PORT": str(parts.port or query.pop("port", "") or ""),
        "OPTIONS": query,
    }


def with_limits(
    options: dict[str, Any], *, connect: int, lock: int = 0, statement: int = 0, idle: int = 0
) -> dict[str, Any]:
    """Return connection options with limits in seconds; none where 0. What is set already stays."""
    limits = {
        "lock_timeout": lock,
        "statement_timeout": statement,
        "idle_in_transaction_session_timeout": idle,
    }
    commands = [f"-c {name}={seconds}s" for name, seconds in limits.items() if seconds]
    bounded = {**KEEPALIVES, "connect_timeout": connect, **options}
    if commands:
        # Of two values of one name the server takes the last.
        bounded["options"] = " ".join([*commands, options.get("options", "")]).strip()
    return bounded

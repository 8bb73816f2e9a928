"""What the commands of the register share: who acts."""

from argparse import ArgumentParser

from django.contrib.auth.models import User
from django.core.management.base import CommandError

from workflows.accounts.actors import Actor, actor_for
from workflows.common.errors import InvalidEntry


def add_by(parser: ArgumentParser) -> None:
    """Ask for the member of staff under whose pseudonym the log names the step."""
    parser.add_argument("--by", required=True, metavar="USERNAME", help="a data steward")


def user_named(username: str) -> User:
    """Return the account of who acts. Raises `CommandError`."""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no account {username}.")
    return user


def actor_named(username: str) -> Actor:
    """Return who acts. Raises `CommandError`."""
    return actor_for(user_named(username))


def entry_refusal(error: InvalidEntry) -> CommandError:
    """Return the refusal of an entry as one sentence for each field."""
    return CommandError(
        "\n".join(f"{field}: {' '.join(words)}" for field, words in error.errors.items())
    )

"""Accounts of staff and regulators: nobody signs up, an administrator invites."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignupAdapter(DefaultAccountAdapter):
    """Refuses open sign-up: the public needs no account and staff are invited."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False always."""
        return False

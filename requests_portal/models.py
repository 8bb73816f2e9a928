"""What the project as a whole stores: sessions."""

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class Session(AbstractBaseSession):
    """A session of a browser: of somebody who signed in, or of a person with their case.

    Personal data: what the session holds, sealed: an account or a case, and for an account when
    it was used and with which browser. No network address. The key of the row is a hash of the
    session's key. Deleted when the session ends, or some minutes after its time is over.
    """

    session_key = models.CharField(max_length=64, primary_key=True)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        """Return what reads and writes this table."""
        from requests_portal.sign_in.session_store import SessionStore

        return SessionStore

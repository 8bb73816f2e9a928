"""Sessions in the database: under a hash of their key, sealed, and each knows whose it is.

A copy of the table opens no session, and tells nothing that a session holds for a while, such as
the secret of an authenticator app that is being set up. All of it hangs on `SECRET_KEY`.
"""

import base64
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.utils import timezone
from django.utils.crypto import salted_hmac

from requests_portal.models import Session
from workflows.vault.crypto import DecryptionFailed, decrypt, encrypt

_PLACE = b"session"


def stored_key(key: str) -> str:
    """Return under what a session lies in the table whose key a browser has."""
    return salted_hmac(
        "requests_portal.sign_in.session_store.key", key, algorithm="sha256"
    ).hexdigest()


class SessionStore(db.SessionStore):
    """Django's sessions in the database, of which the key is nowhere but in the browser."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return our table."""
        return Session

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Return what a session holds, sealed."""
        plain = self.serializer().dumps(session_dict)
        return base64.b64encode(encrypt(_secret(), plain, _PLACE)).decode()

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Undo `encode`; what was sealed with another key is an empty session."""
        try:
            opened = decrypt(_secret(), base64.b64decode(session_data), _PLACE)
        except DecryptionFailed:
            return {}
        held: dict[str, Any] = self.serializer().loads(opened)
        return held

    def exists(self, session_key: str) -> bool:
        """Return whether there is a session of this key."""
        return super().exists(stored_key(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Return the row of this session."""
        row = cast(Session, super().create_model_instance(data))
        row.session_key = stored_key(row.session_key)
        row.account_id = data.get(SESSION_KEY)
        return row

    def delete(self, session_key: str | None = None) -> None:
        """End the session of this key, or this session."""
        key = session_key or self.session_key
        if key:
            Session.objects.filter(session_key=stored_key(key)).delete()

    def _get_session_from_db(self) -> Session | None:
        key, now = self.session_key or "", timezone.now()
        row = Session.objects.filter(session_key=stored_key(key), expire_date__gt=now).first()
        if row is None:
            self._session_key = None
        return row

    # Django has each of these a second time.
    async def aexists(self, session_key: str) -> bool:
        """Return whether there is a session of this key."""
        return await sync_to_async(self.exists)(session_key)

    async def acreate_model_instance(self, data: dict[str, Any]) -> Session:
        """Return the row of this session."""
        return await sync_to_async(self.create_model_instance)(data)

    async def adelete(self, session_key: str | None = None) -> None:
        """End the session of this key, or this session."""
        await sync_to_async(self.delete)(session_key)

    async def _aget_session_from_db(self) -> Session | None:
        return await sync_to_async(self._get_session_from_db)()


def _secret() -> bytes:
    return salted_hmac(
        "requests_portal.sign_in.session_store.data", "", algorithm="sha256"
    ).digest()

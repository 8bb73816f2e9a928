"""Model fields whose columns hold only sealed bytes.

    class Person(SealedModel):
        case = models.ForeignKey(Case, on_delete=models.CASCADE)
        name = SealedText()
        details = SealedJSON(null=True)

        @property
        def sealing_key(self) -> DataKey:
            return self.case.data_key

A value is unsealed when it is first read and sealed anew when a row whose value was read or set
is saved (`save`, `bulk_create`). Nothing else writes a sealed column: `update(name="x")` and
`bulk_update` are refused, because they do not know the row's key. A sealed column cannot be
searched or made unique, except for `isnull`; use `blind_index` for an exact match.

A value is bound to its row by the primary key. Where the database gives that, it is asked for the
number before the row is written (`number_rows`), for one query with each save or `bulk_create`.

After the key was shredded, reading raises `Shredded`, so that no code can take a placeholder for
data. Pages show `{{ person.name|default:erased }}` or call `text_or_erased(person, "name")`.
"""

from __future__ import annotations

import contextvars
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Never, TypeVar, cast

from django.core import checks
from django.db import NotSupportedError, models
from django.db.models.query_utils import DeferredAttribute
from django.utils.translation import gettext

from workflows.vault.crypto import SealedPlace, Shredded, seal, unseal
from workflows.vault.numbers import number_rows

if TYPE_CHECKING:
    from workflows.vault.models import DataKey

_SetT = TypeVar("_SetT")
_GetT = TypeVar("_GetT")

if TYPE_CHECKING:

    class _Field(models.Field[_SetT, _GetT]):
        """What the type checker sees; Django's own class takes no type parameters."""
else:

    class _Field(models.Field, Generic[_SetT, _GetT]):
        """A field that takes type parameters, which Django's own class does not."""


class Ciphertext(bytes):
    """Sealed bytes as the column holds them; empty when they were erased."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<sealed>"


ERASED = Ciphertext()


@dataclass(frozen=True, slots=True)
class _Opened:
    """A value in the clear on its way from or to a row; stays out of tracebacks and caches."""

    value: Any = field(repr=False)

    def __deepcopy__(self, memo: dict[int, Any]) -> _Opened:
        return self

    def __reduce_ex__(self, protocol: Any) -> Never:
        raise TypeError("A row with unsealed values is never pickled: it would leave the process.")


_as_stored: contextvars.ContextVar[bool] = contextvars.ContextVar("as_stored", default=False)


_RowT = TypeVar("_RowT", bound="SealedModel")


class SealedQuerySet(models.QuerySet[_RowT]):
    """Numbers the rows that are created together, so that each value can be bound to its row."""

    def bulk_create(
        self, objs: Iterable[_RowT], *args: Any, update_conflicts: bool = False, **kwargs: Any
    ) -> list[_RowT]:
        """Create rows; refuse to change one that is there, to which the values are not bound."""
        if update_conflicts:
            raise NotSupportedError("A sealed value is written only by saving its own row.")
        rows = list(objs)
        number_rows(rows)
        return super().bulk_create(rows, *args, **kwargs)


class SealedModel(models.Model):
    """A model with sealed columns. Subclasses say which data key seals their rows."""

    objects: ClassVar[models.Manager[Any]] = models.Manager.from_queryset(SealedQuerySet)()

    class Meta:
        abstract = True

    def save(self, *, force_insert: Any = False, **kwargs: Any) -> None:
        """Write the row; a new one gets its primary key first, to which its values are bound."""
        if self.pk is None:
            number_rows([self])
            force_insert = True
        super().save(force_insert=force_insert, **kwargs)

    @property
    def sealing_key(self) -> DataKey:
        """Return the data key of this row."""
        raise NotImplementedError

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: models.QuerySet[Any] | None = None,
    ) -> None:
        """Reload the row; sealed values stay sealed until they are read."""
        token = _as_stored.set(True)
        try:
            super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)
        finally:
            _as_stored.reset(token)


class _SealedAttribute(DeferredAttribute):
    """Unseals on reading and remembers the value in the instance only."""

    field: SealedField[Any, Any]

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        stored = super().__get__(instance, cls)
        if stored is None or _as_stored.get():
            return stored
        if isinstance(stored, _Opened):
            return stored.value
        value = self.field.unsealed(instance, stored)
        instance.__dict__[self.field.attname] = _Opened(value)
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        if value is not None and not isinstance(value, Ciphertext | _Opened):
            value = _Opened(value)
        instance.__dict__[self.field.attname] = value


class SealedField(_Field[_SetT, _GetT]):
    """The base of all sealed fields: a `bytea` column, opened through the row's data key."""

    descriptor_class = _SealedAttribute
    empty_strings_allowed = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """Leave out `editable`, which is always False."""
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable", None)
        return name, path, args, kwargs

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """Refuse models without a sealing key, and indexes, which could never match."""
        found = super().check(**kwargs)
        if not issubclass(self.model, SealedModel):
            found.append(
                checks.Error(
                    "A model with sealed fields must be a SealedModel.", obj=self, id="vault.E003"
                )
            )
        if self.unique or getattr(self, "db_index", False):
            found.append(
                checks.Error(
                    "A sealed field cannot be indexed or unique.", obj=self, id="vault.E004"
                )
            )
        return found

    def get_internal_type(self) -> str:
        """Store as `bytea`."""
        return "BinaryField"

    def get_lookup(self, lookup_name: str) -> type[models.Lookup[Any]] | None:
        """Allow `isnull` only; Django raises `FieldError` for the rest."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def encode(self, value: Any) -> bytes:
        """Turn a value into the bytes to seal; raise `TypeError` for a value of another kind."""
        raise NotImplementedError

    def decode(self, plaintext: bytes) -> Any:
        """Undo `encode`."""
        raise NotImplementedError

    def unsealed(self, instance: SealedModel, stored: Ciphertext) -> Any:
        """Open what the column of `instance` holds; raise `Shredded` or `DecryptionFailed`."""
        if not stored:
            raise Shredded("The value was erased.")
        return self.decode(unseal(instance.sealing_key, stored, self._place(instance)))

    def from_db_value(self, value: Any, *_: Any) -> Ciphertext | None:
        """Keep the bytes sealed: they are opened when the attribute is read."""
        return None if value is None else Ciphertext(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Ciphertext | None:
        """Seal a value that was set or read; pass on one that was never opened."""
        stored = model_instance.__dict__[self.attname]
        if not isinstance(stored, _Opened):
            return cast(Ciphertext | None, stored)
        row = cast(SealedModel, model_instance)
        return Ciphertext(seal(row.sealing_key, self.encode(stored.value), self._place(row)))

    def get_prep_value(self, value: Any) -> Ciphertext | None:
        """Let only sealed bytes through to the database."""
        if value is not None and not isinstance(value, Ciphertext):
            raise TypeError(f"{self.model.__name__}.{self.name} is written only by saving a row.")
        return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Hand the sealed bytes to the driver."""
        value = value if prepared else self.get_prep_value(value)
        return None if value is None else connection.Database.Binary(value)

    def value_to_string(self, obj: models.Model) -> str:
        """Refuse `dumpdata`, which would write the value in the clear."""
        raise NotSupportedError("Sealed columns are not serialised; use the backup command.")

    def _place(self, row: SealedModel) -> SealedPlace:
        if row.pk is None:
            raise RuntimeError("A row has its primary key before its values are sealed.")
        return SealedPlace(self.model._meta.db_table, str(self.column), str(row.pk))


class SealedText(SealedField[_SetT, _GetT]):
    """A sealed text."""

    _pyi_private_set_type: str
    _pyi_private_get_type: str

    def encode(self, value: Any) -> bytes:
        """Encode as UTF-8."""
        if not isinstance(value, str):
            raise TypeError(f"{self.name} must be a text, not {type(value).__name__}.")
        return value.encode()

    def decode(self, plaintext: bytes) -> str:
        """Decode UTF-8."""
        return plaintext.decode()


class SealedJSON(SealedField[_SetT, _GetT]):
    """A sealed JSON value; changes made inside it are kept when the row is saved."""

    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def encode(self, value: Any) -> bytes:
        """Encode as compact JSON in UTF-8; raise `ValueError` for NaN and infinities."""
        return json.dumps(
            value, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        ).encode()

    def decode(self, plaintext: bytes) -> Any:
        """Decode JSON."""
        return json.loads(plaintext)


class SealedBytes(SealedField[_SetT, _GetT]):
    """Sealed bytes, for a digest or a nonce."""

    _pyi_private_set_type: bytes
    _pyi_private_get_type: bytes

    def encode(self, value: Any) -> bytes:
        """Take bytes as they are."""
        if not isinstance(value, bytes):
            raise TypeError(f"{self.name} must be bytes, not {type(value).__name__}.")
        return value

    def decode(self, plaintext: bytes) -> bytes:
        """Give bytes as they are."""
        return plaintext


def text_or_erased(row: SealedModel, name: str) -> str:
    """Return a sealed text of `row` for a page, or the word for "erased" after shredding."""
    try:
        return cast(str, getattr(row, name) or "")
    except Shredded:
        return gettext("erased")


def sealed_fields(model: type[models.Model]) -> list[str]:
    """Return the names of the sealed fields of a model; a list of many rows defers them."""
    fields = model._meta.concrete_fields
    return [field.name for field in fields if isinstance(field, SealedField)]


def erase_sealed(rows: models.QuerySet[Any]) -> int:
    """Overwrite every sealed column of `rows` with nothing; return how many rows there were.

    For rows which stay after a case was shredded. Reading them then raises `Shredded`.
    """
    return rows.update(**dict.fromkeys(sealed_fields(rows.model), ERASED))

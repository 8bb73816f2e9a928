"""Tokens for the provider's pipelines, which act as data stewards through the API."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.accounts.actors import OFFICERS, STEWARDS, Actor, require_role
from workflows.accounts.models import PipelineToken, TokenScope
from workflows.common.errors import InvalidEntry, Refused
from workflows.ledger.append import append
from workflows.vault.blind_index import keyed_hash, keyed_hashes
from workflows.vocabulary.roles import Role

_PURPOSE = "pipeline.token"
# The command that approves where nobody is left who could acts as the system.
APPROVERS = OFFICERS | {Role.SYSTEM}


class NoPipelineAccess(Refused):
    """No pipeline has this token, or not any more."""

    def __init__(self) -> None:
        super().__init__(_("This token is not known, or it has expired."))


@transaction.atomic
def register_pipeline(pipeline: PipelineToken, actor: Actor) -> None:
    """Register a pipeline, or change its name, its scopes or until when it has access.

    A token that had ended does not live again. Raises `InvalidEntry`, `Refused`.
    """
    role = require_role(actor, STEWARDS)
    before = PipelineToken.objects.select_for_update().filter(pk=pipeline.pk).first()
    goes_on = before if before and not has_ended(before) else None
    pipeline.token_digest = goes_on.token_digest if goes_on else None
    pipeline.waiting_digest = goes_on.waiting_digest if goes_on else None
    pipeline.approved_until = goes_on.approved_until if goes_on else None
    pipeline.approved_scopes = goes_on.approved_scopes if goes_on else []
    _check_and_save(pipeline)
    if before is None or _opens(before) != _opens(pipeline):
        _tell("pipeline.admitted", pipeline, actor, role)


@transaction.atomic
def issue_token(pipeline: PipelineToken, actor: Actor) -> str:
    """Make a new token (256 bits) for a pipeline, shown once; it opens nothing until approved.

    The one before it goes on until then. Raises `InvalidEntry`, `Refused`.
    """
    role = require_role(actor, STEWARDS)
    token = secrets.token_urlsafe(32)
    pipeline.waiting_digest = keyed_hash(_PURPOSE, token.encode())
    pipeline.issued_by = actor.pseudonym
    _check_and_save(pipeline)
    _tell("pipeline.token_issued", pipeline, actor, role)
    return token


@transaction.atomic
def approve_token(
    pipeline: PipelineToken, actor: Actor, *, scopes: Iterable[str], until: datetime
) -> None:
    """Put the token that waits in the place of the one in use. Raises `Refused`.

    `scopes` and `until` are what was approved: a pipeline that is given more later needs another.
    """
    role = require_role(actor, APPROVERS)
    pipeline.token_digest, pipeline.waiting_digest = pipeline.waiting_digest, None
    pipeline.approved_until, pipeline.approved_scopes = until, list(scopes)
    pipeline.save(
        update_fields=["token_digest", "waiting_digest", "approved_until", "approved_scopes"]
    )
    _tell("pipeline.token_approved", pipeline, actor, role)


def is_live(pipeline: PipelineToken) -> bool:
    """Tell whether a pipeline has a token that can be used now."""
    if pipeline.token_digest is None or pipeline.approved_until is None:
        return False
    return min(pipeline.expires_at, pipeline.approved_until) > timezone.now()


def has_ended(pipeline: PipelineToken) -> bool:
    """Tell whether the access of a pipeline is over, so that it can have no token."""
    return pipeline.expires_at <= timezone.now()


def _opens(pipeline: PipelineToken) -> tuple[list[str], datetime]:
    """Return what the log tells of an access: to what, and until when."""
    return pipeline.scopes, pipeline.expires_at


def _check_and_save(pipeline: PipelineToken) -> None:
    if pipeline.expires_at and has_ended(pipeline):
        raise InvalidEntry({"expires_at": [_("This date has passed.")]})
    _check_scopes(pipeline)
    try:
        pipeline.full_clean()
    except ValidationError as error:
        raise InvalidEntry(error.message_dict) from error
    pipeline.save()


def _check_scopes(pipeline: PipelineToken) -> None:
    """Refuse unknown scopes and none at all, and put the others into the order of the list."""
    unknown = set(pipeline.scopes) - set(TokenScope)
    if unknown:
        named = ", ".join(sorted(unknown))
        raise InvalidEntry({"scopes": [_("There is no scope %(scope)s.") % {"scope": named}]})
    pipeline.scopes = [str(scope) for scope in TokenScope if scope in pipeline.scopes]
    if not pipeline.scopes:
        raise InvalidEntry({"scopes": [_("Choose at least one scope.")]})


def _tell(name: str, pipeline: PipelineToken, actor: Actor, role: Role) -> None:
    append(
        name=name,
        role=role,
        actor=actor.pseudonym,
        facts={
            "pipeline": pipeline.pseudonym,
            "expires": pipeline.expires_at.isoformat(),
            "scopes": list(pipeline.scopes),
        },
    )


@transaction.atomic
def withdraw_token(pipeline: PipelineToken, actor: Actor, at: datetime | None = None) -> None:
    """End the access of a pipeline now. Raises `Refused`."""
    role = require_role(actor, STEWARDS)
    pipeline.token_digest = pipeline.waiting_digest = None
    pipeline.expires_at = at or timezone.now()
    pipeline.save(update_fields=["token_digest", "waiting_digest", "expires_at"])
    append(
        name="pipeline.token_withdrawn",
        role=role,
        actor=actor.pseudonym,
        facts={"pipeline": pipeline.pseudonym},
    )


def pipeline_for_token(token: str) -> PipelineToken:
    """Return the pipeline to which a token belongs. Raises `NoPipelineAccess`."""
    pipeline = PipelineToken.objects.filter(
        token_digest__in=keyed_hashes(_PURPOSE, token.encode()),
        expires_at__gt=timezone.now(),
        approved_until__gt=timezone.now(),
    ).first()
    if pipeline is None:
        raise NoPipelineAccess
    return pipeline


def actor_of(pipeline: PipelineToken) -> Actor:
    """Return a pipeline as one who acts: with the rights of a data steward."""
    return Actor(frozenset({Role.DATA_STEWARD}), pipeline.pseudonym)

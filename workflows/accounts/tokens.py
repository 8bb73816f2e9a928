"""API tokens of regulators and pipelines: who uses one makes it, a privacy officer approves it.

The secret is shown once to who made it, and to nobody else. It opens nothing before the approval.
"""

from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from workflows.accounts import regulators as scopes
from workflows.accounts.account_log import record
from workflows.accounts.actors import Actor, actor_for
from workflows.accounts.approvals import request_approval, waiting, withdraw_superseded
from workflows.accounts.models import ApprovalRequest, PipelineToken, RegulatorAccount
from workflows.accounts.pipelines import issue_token, withdraw_token
from workflows.accounts.regulators import RegulatorScope

Kind = ApprovalRequest.Kind


def make_regulator_token(scope: RegulatorScope, name: str) -> str:
    """Make a token for the regulator who asks, have it approved, and return the secret.

    Raises `ApprovalRefused` while another one waits.
    """
    owner = scope.account.user
    with transaction.atomic():
        token, secret = scopes.make_token(scope.account, name)
        record("token.requested", scope.actor, owner)
        request_approval(
            ApprovalRequest(
                kind=Kind.REGULATOR_TOKEN, account=owner, requested_by=owner, regulator_token=token
            )
        )
    return secret


def revoke_regulator_token(account: RegulatorAccount, token_id: UUID, by: Actor) -> None:
    """End a token of a regulator at once. Does nothing when it is not one of theirs."""
    with transaction.atomic():
        token = account.tokens.select_for_update().filter(pk=token_id, revoked_at=None).first()
        if token is None:
            return
        for request in waiting().filter(regulator_token=token):
            withdraw_superseded(request, by)
        scopes.revoke_token(token)
        record("token.revoked", by, account.user)


def revoke_all(account: RegulatorAccount, by: Actor) -> None:
    """End every token of a regulator at once."""
    for token in account.tokens.filter(revoked_at=None):
        revoke_regulator_token(account, token.pk, by)


def waiting_tokens(account: RegulatorAccount) -> set[UUID]:
    """Return the ids of the tokens of a regulator that wait for approval."""
    requests = waiting().filter(regulator_token__account=account)
    return {pk for pk in requests.values_list("regulator_token", flat=True) if pk}


def issue_pipeline_token(pipeline: PipelineToken, by: User) -> str:
    """Make a token for a pipeline, have it approved, and return the secret.

    One that was waiting for approval is given up; one that is in use goes on until this one is
    approved. Raises `ApprovalRefused`, `Refused`, `InvalidEntry`.
    """
    with transaction.atomic():
        secret = issue_token(pipeline, actor_for(by))
        for request in waiting().filter(pipeline=pipeline):
            withdraw_superseded(request, actor_for(by))
        request_approval(
            ApprovalRequest(
                kind=Kind.PIPELINE_TOKEN,
                pipeline=pipeline,
                requested_by=by,
                terms={
                    "scopes": list(pipeline.scopes),
                    "until": pipeline.expires_at.isoformat(),
                },
            )
        )
    return secret


def end_pipeline_access(pipeline: PipelineToken, by: Actor) -> None:
    """End the access of a pipeline now, also what waits for approval. Raises `Refused`."""
    with transaction.atomic():
        withdraw_token(pipeline, by)
        for request in waiting().filter(pipeline=pipeline):
            withdraw_superseded(request, by)

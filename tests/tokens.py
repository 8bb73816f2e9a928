"""Tokens that a second person has approved already."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workflows.accounts.actors import Actor
    from workflows.accounts.models import PipelineToken, RegulatorAccount


def regulator_token(account: "RegulatorAccount") -> str:
    """Return the secret of a token with which a regulator reads over the API."""
    from workflows.accounts.regulators import approve_token, make_token

    token, secret = make_token(account, "Program")
    approve_token(token)
    return secret


def pipeline_token(pipeline: "PipelineToken", steward: "Actor") -> str:
    """Return the secret of a token with which a pipeline speaks for data stewards."""
    from workflows.accounts.actors import Actor
    from workflows.accounts.pipelines import approve_token, issue_token
    from workflows.vocabulary.roles import Role

    secret = issue_token(pipeline, steward)
    officer = Actor(frozenset({Role.PRIVACY_OFFICER}), "staff-000000000000")
    approve_token(pipeline, officer, scopes=pipeline.scopes, until=pipeline.expires_at)
    return secret

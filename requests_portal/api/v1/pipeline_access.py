"""Who calls for a pipeline: a program with a token, which acts as a data steward."""

from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.views import APIView

from requests_portal.api.v1.authentication import (
    BearerAuthentication,
    BearerScheme,
    BearerUser,
    HasToken,
    bearer_token,
)
from workflows.cases.actors import Actor
from workflows.datasets.pipelines import NoPipelineAccess, actor_of, pipeline_for_token


class PipelineTokenAuthentication(BearerAuthentication):
    """Takes the token of a pipeline that has not expired."""

    def authenticate(  # type: ignore[override]
        self, request: Request
    ) -> tuple[BearerUser, Actor] | None:
        """Return the pipeline as one who acts, as `request.auth`; a wrong token is refused."""
        token = bearer_token(request)
        if not token:
            return None
        try:
            return BearerUser(), actor_of(pipeline_for_token(token))
        except NoPipelineAccess as error:
            raise exceptions.AuthenticationFailed(str(error)) from error


class PipelineTokenScheme(BearerScheme):  # type: ignore[no-untyped-call]
    """Describes the token of a pipeline in the schema."""

    target_class = PipelineTokenAuthentication
    name = "pipeline"
    description = "The token that a data steward issued for a pipeline."


class PipelineView(APIView):
    """Base of the views for pipelines."""

    authentication_classes = [PipelineTokenAuthentication]
    permission_classes = [HasToken]


def acting(request: Request) -> Actor:
    """Return who acts, as `PipelineTokenAuthentication` has put it."""
    assert isinstance(request.auth, Actor)
    return request.auth

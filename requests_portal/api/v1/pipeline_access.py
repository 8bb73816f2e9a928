"""Views for the provider's own programs, which act as data stewards."""

from rest_framework.request import Request
from rest_framework.views import APIView

from requests_portal.api.v1.authentication import HasToken, PipelineTokenAuthentication
from workflows.cases.actors import Actor
from workflows.datasets.models import PipelineToken
from workflows.datasets.pipelines import actor_of


class PipelineView(APIView):
    """Base of the views for pipelines: a token that a data steward issued."""

    authentication_classes = [PipelineTokenAuthentication]
    permission_classes = [HasToken]


def acting(request: Request) -> Actor:
    """Return who acts, by the token that `PipelineTokenAuthentication` has taken."""
    assert isinstance(request.auth, PipelineToken)
    return actor_of(request.auth)

"""A new operation of the API is a serializer, a view, an address and, at most, a scope.

The test adds one in a copy of the code. Its journey calls it, holds the answers to the schema, and
calls it once more through a client that was generated from the schema.
"""

from pathlib import Path

import pytest

pytestmark = pytest.mark.stack

SCOPES = Path("workflows/accounts/models/pipelines.py")
SERIALIZERS = Path("requests_portal/api/v1/model_serializers.py")
VIEWS = Path("requests_portal/api/v1/models.py")
ADDRESSES = Path("requests_portal/api/v1/urls.py")

SCOPE = '    MODELS_READ = "models:read", _("Read which models were trained")\n'
SERIALIZER = '''
"""Models as JSON."""

from typing import ClassVar

from rest_framework import serializers

from workflows.datasets.models import TrainedModel


class TrainedModelSerializer(serializers.ModelSerializer[TrainedModel]):
    """A version of a model."""

    class Meta:
        model = TrainedModel
        fields: ClassVar = ["name", "version", "trained_on"]
'''
VIEW = '''
"""The models, for the provider's pipelines."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from requests_portal.api.v1.model_serializers import TrainedModelSerializer
from requests_portal.api.v1.authentication import PipelineView
from workflows.accounts.models import TokenScope
from workflows.datasets.models import TrainedModel


class TrainedModelView(PipelineView):
    """One model."""

    scopes = {"GET": TokenScope.MODELS_READ}

    @extend_schema(operation_id="trained_model", responses={200: TrainedModelSerializer})
    def get(self, request: Request, model_id: int) -> Response:
        """Return a model."""
        return Response(TrainedModelSerializer(get_object_or_404(TrainedModel, pk=model_id)).data)
'''
ADDRESS = """    path(
        "models/<int:model_id>/", models.TrainedModelView.as_view(), name="api-v1-model"
    ),
"""


def test_a_serializer_a_view_an_address_and_a_scope_are_enough(copy):
    copy.insert(SCOPES, SCOPE, before="    MANIFESTS_READ = (\n")
    copy.write(SERIALIZERS, SERIALIZER)
    copy.write(VIEWS, VIEW)
    copy.insert(ADDRESSES, "models, ", before="regulator, requests\n")
    copy.insert(ADDRESSES, ADDRESS, before='    path("manifests/", manifests.')

    # What a column may hold is noted with it; no row changes.
    copy.run("-m", "django", "makemigrations", "accounts", "--name", "models_scope")
    told = copy.journey("journey_of_an_endpoint")

    model = {"name": "Example", "version": "2", "trained_on": "2026-11-24"}
    assert told["asked"] == [200, model]
    assert told["generated client"] == model
    assert told["without a token"] == 401
    assert told["with another scope"] == [403, "models:read"]
    assert told["unknown"] == 404
    assert "Needs the scope `models:read`." in told["described"]

"""File a request and follow it, as a program."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from requests_portal.api.permissions import HasToken
from requests_portal.api.problems import GuessableIdempotencyKey, MissingIdempotencyKey
from requests_portal.api.schema import location_of, problems
from requests_portal.api.throttles import Throttled
from requests_portal.api.v1.authentication import BearerAuthentication
from requests_portal.api.v1.filing_body import read_filing
from requests_portal.api.v1.serializers import (
    FiledSerializer,
    FilingSerializer,
    StatusSerializer,
)
from workflows.cases.access import find_by_receipt
from workflows.cases.admission import LONGEST as LONGEST_PROOF
from workflows.cases.admission import calm, require_proof
from workflows.cases.filing import FilingResult, file_request
from workflows.cases.idempotency import (
    KEPT_FOR,
    LONGEST_KEY,
    SHORTEST_KEY,
    UNGUESSABLE_KEY,
    is_unguessable,
)
from workflows.cases.models import Case, Clock
from workflows.cases.timeline import public_timeline
from workflows.regimes.deadlines.values import Deadline
from workflows.regimes.explain import explain
from workflows.vocabulary.people import Channel


class FilingView(Throttled, APIView):
    """File a request."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="file_request",
        request=FilingSerializer,
        parameters=[
            location_of(HTTPStatus.OK, HTTPStatus.CREATED),
            OpenApiParameter(
                "Idempotency-Key",
                {
                    "type": "string",
                    "pattern": f"^{UNGUESSABLE_KEY.pattern}$",
                    "minLength": SHORTEST_KEY,
                    "maxLength": LONGEST_KEY,
                },
                OpenApiParameter.HEADER,
                required=True,
                description="A UUID (version 4), or 22 to 200 random letters, digits, hyphens and "
                "underscores: who knows key and body can ask for the receipt. The same key with "
                "the same body files once and gives the same receipt again; with another body it "
                f"is refused (422). A key is remembered for {KEPT_FOR.days} days.",
            ),
            OpenApiParameter(
                "Proof-Of-Work",
                {"type": "string", "maxLength": LONGEST_PROOF},
                OpenApiParameter.HEADER,
                description="Only while more requests come in than usual: the refusal (429) then "
                "holds a `challenge` of altcha 2 for this `Idempotency-Key`. Send the solution "
                "with the same key, as altcha's payload in base64, or try again after "
                "`Retry-After`. A solution counts once, for some minutes.",
            ),
        ],
        responses={
            201: FiledSerializer,
            200: FiledSerializer,
            **problems(HTTPStatus.UNPROCESSABLE_ENTITY),
        },
    )
    def post(self, request: Request) -> Response:
        """File a request and get its case number and receipt.

        The answer means that the request is stored and in the queue of the log. A repeat with the
        same `Idempotency-Key` and body answers 200 with the same content.
        """
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            raise MissingIdempotencyKey
        if not is_unguessable(key):
            raise GuessableIdempotencyKey
        filing = read_filing(request.data)
        proof = request.headers.get("Proof-Of-Work", "")
        filed = file_request(
            filing,
            attempt=key,
            channel=Channel.API,
            admit=lambda: require_proof(key, proof),
            calm=calm(),
        )
        return Response(
            FiledSerializer(_receipt(filed)).data,
            status=HTTPStatus.OK if filed.repeated else HTTPStatus.CREATED,
            headers={"Location": _status_address(filed.case)},
        )


def _status_address(case: Case) -> str:
    return settings.PUBLIC_BASE_URL + reverse("api-v1-request", args=[case.number])


def _receipt(filed: FilingResult) -> dict[str, Any]:
    return {
        "case_number": filed.case.number,
        "receipt": filed.receipt,
        "status": _status_address(filed.case),
        "due_on": filed.case.due_on,
    }


class StatusView(Throttled, APIView):
    """Follow a request."""

    authentication_classes = [BearerAuthentication]
    permission_classes = [HasToken]

    @extend_schema(
        operation_id="request_status",
        responses={200: StatusSerializer},
    )
    def get(self, request: Request, number: str) -> Response:
        """Get the state, the clocks and the steps of a case; the receipt is the bearer token.

        A wrong number and a wrong receipt get the same answer.
        """
        case = find_by_receipt(number, str(request.auth))
        return Response(StatusSerializer(status_of(case)).data)


def status_of(case: Case) -> dict[str, Any]:
    """Return what the requester may see of a case, in the case's language."""
    with translation.override(case.language):
        return {
            "case_number": case.number,
            "state": case.state,
            "filed_at": case.filed_at,
            "due_on": case.due_on,
            "answered_at": case.answered_at,
            "items": [
                {"kind": item.kind, "outcome": item.outcome if case.outcome_is_told else ""}
                for item in case.items.all()
            ],
            "clocks": [_clock(case, clock) for clock in case.clocks.all()],
            "timeline": public_timeline(case),
        }


def _clock(case: Case, clock: Clock) -> dict[str, Any]:
    rule = case.regime_of(clock.regime).clock(clock.kind)
    return {
        "regime": clock.regime,
        "kind": clock.kind,
        "state": clock.state,
        "leads": clock.leads,
        "due_on": clock.due_on,
        "provisional": clock.provisional,
        "explanation": explain(Deadline.from_dict(clock.deadline), rule, case.language),
    }

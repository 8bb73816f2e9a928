"""Holds what the API answers, and what it takes, to its own schema."""

import functools
import json
import re
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponseBase
from jsonschema import Draft202012Validator, FormatChecker

_METHODS_WITHOUT_BODY = {"HEAD"}
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
FORMATS = FormatChecker(formats=("date", "uuid"))


@functools.cache
def schema() -> dict[str, Any]:
    """Return the schema as a program gets it."""
    from drf_spectacular.generators import SchemaGenerator

    generated = SchemaGenerator(urlconf="tests.requests_portal.api.urls").get_schema(public=True)
    return json.loads(json.dumps(generated))


def validator(part: Mapping[str, Any]) -> Draft202012Validator:
    """Return what checks a value by a part of the schema."""
    return Draft202012Validator(
        {**part, "components": schema()["components"]}, format_checker=FORMATS
    )


def operation_of(answer: HttpResponseBase) -> dict[str, Any] | None:
    """Return the operation that gave an answer; None where it was none of the schema."""
    path = "/" + _PARAMETER.sub(r"{\1}", answer.resolver_match.route)
    method = answer.request["REQUEST_METHOD"].lower()
    return schema()["paths"].get(path, {}).get("get" if method == "head" else method)


def hold_to_schema(answer: HttpResponseBase, sent: bytes, sent_as: str) -> None:
    """Fail where an answer is not as the schema says, or where what was taken is not."""
    operation = operation_of(answer)
    if operation is None or answer.request["REQUEST_METHOD"] in _METHODS_WITHOUT_BODY:
        return
    status = str(answer.status_code)
    described = operation["responses"].get(status)
    assert described is not None, f"{operation['operationId']} does not describe {status}"
    content = described.get("content", {})
    if not content:
        assert answer.content == b"", f"{operation['operationId']} describes no body for {status}"
    else:
        kind = answer.headers["Content-Type"].partition(";")[0]
        assert kind in content, f"{operation['operationId']} {status}: {kind} is not described"
        if kind.endswith("json"):
            validator(content[kind]["schema"]).validate(json.loads(answer.content))
    if answer.status_code < 300 and sent and "json" in sent_as:
        taken = operation["requestBody"]["content"][sent_as.partition(";")[0]]["schema"]
        validator(taken).validate(json.loads(sent))

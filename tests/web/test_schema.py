"""The API does what its description says, whatever it is sent: requests out of the OpenAPI document
(schemathesis). ``make test`` tries a few of each route, ``make schema`` many."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from fluxcc.web.permissions import EVENTS
from tests.testing.web import ADMIN, Web

REQUESTS = int(os.environ.get("FLUXCC_SCHEMA_REQUESTS", "300"))
"""Requests altogether."""
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.mark.timeout(3600)
def test_no_request_is_answered_otherwise_than_described(web: Web) -> None:
    schema = schemathesis.openapi.from_url(f"{web.url}/api/v1/openapi.json")
    found = [each.ok() for each in schema.get_all_operations()]
    operations = [each for each in found if each is not None and each.path != EVENTS]
    assert len(operations) > 20
    each = max(3, REQUESTS // len(operations) // 2)
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _try(operation, mode, web, each)


def _try(operation: Any, mode: GenerationMode, web: Web, count: int) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    def attempt(case: Any) -> None:
        answer = case.call(base_url=web.url, headers=ADMIN.bearer)
        # 502, 503 and 504 tell of FreeSWITCH and the daemon; 500 is a fault.
        assert answer.status_code != 500, answer.text
        case.validate_response(answer, checks=CHECKS)

    # A route without parameters has no malformed request.
    with suppress(Unsatisfiable):
        attempt()

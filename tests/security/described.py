"""The hub's own description, as something to make requests by and to judge answers by."""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import unquote

import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.generation import GenerationMode
from schemathesis.schemas import BaseSchema
from tests.security.asking import Reply
from tests.security.deployment import ORIGIN

from throng.data.wire import MEDIA_TYPE

_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
)
_UNDESCRIBED = frozenset({303, 401, 403, 404, 405, 413, 421})
"""What a path that is described nowhere answers: names in a path may lead to one."""


@schemathesis.serializer(MEDIA_TYPE)
def _as_rows(context: schemathesis.SerializationContext, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


class Described:
    """A description to go by.

    Parameters
    ----------
    description : dict
        OpenAPI 3, of the hub.
    """

    def __init__(self, description: dict[str, Any]) -> None:
        load_all_checks()
        self._schema: BaseSchema = schemathesis.openapi.from_dict(description)
        self._checks = CHECKS.get_by_names(list(_CHECKS))
        found = [operation.ok() for operation in self._schema.get_all_operations() if isinstance(operation, Ok)]
        self._operations = {(operation.method.upper(), operation.path): operation for operation in found}
        self._paths = [
            (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), path)
            # A path without names in it goes before one with them.
            for path in sorted({operation.path for operation in found}, key=lambda path: "{" in path)
        ]

    @property
    def labels(self) -> set[str]:
        """Every operation, as "GET /health"."""
        return {operation.label for operation in self._operations.values()}

    @cached_property
    def cases(self) -> st.SearchStrategy[schemathesis.Case[Any]]:
        """Requests that fit, and that do not."""
        return st.one_of(
            [
                operation.as_strategy(generation_mode=mode)
                for operation in self._operations.values()
                for mode in GenerationMode
                if mode is GenerationMode.POSITIVE or operation.body or any(True for _ in operation.iter_parameters())
            ]
        )

    def label(self, method: str, target: str) -> str:
        """The operation that a request leads to; empty where none is described."""
        operation = self._operation(method, target)
        return operation.label if operation else ""

    def problems(self, request: requests.PreparedRequest, reply: Reply) -> Iterator[str]:
        """Where an answer is outside the description."""
        operation = self._operation(request.method or "", request.path_url)
        if operation is None:
            if reply.status not in _UNDESCRIBED:
                yield "no described path answers so"
            return
        response = Response(
            reply.status,
            {name: reply.all_of(name) for name, _ in reply.headers},
            reply.body,
            request,
            elapsed=0.0,
            verify=False,
            encoding="utf-8",
        )
        try:
            names = dict.fromkeys(re.findall(r"\{(\w+)\}", operation.path), "0")
            operation.Case(path_parameters=names).validate_response(response, checks=self._checks)
        except FailureGroup as group:
            yield from (f"{type(failure).__name__}: {failure}" for failure in group.exceptions)
        except Failure as failure:
            yield f"{type(failure).__name__}: {failure}"

    def answer_problems(self, method: str, target: str, reply: Reply) -> list[str]:
        """Where the answer to a request that somebody else made is outside the description."""
        return list(self.problems(requests.Request(method, ORIGIN + target).prepare(), reply))

    def _operation(self, method: str, target: str) -> Any:
        path = unquote(target.partition("?")[0])
        found = (self._operations.get((method, template)) for pattern, template in self._paths if pattern.fullmatch(path))
        return next(filter(None, found), None)


def prepared(case: schemathesis.Case[Any]) -> requests.PreparedRequest:
    """A request as it is sent."""
    return requests.Request(**case.as_transport_kwargs(base_url=ORIGIN)).prepare()

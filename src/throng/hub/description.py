"""What the description of the interface says of every route alike: how the gate and the framework refuse."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from throng.hub.access import need_told

_REFERENCE = "#/components/schemas/Problem"
_THEIRS = ("HTTPValidationError", "ValidationError")
"""The framework's own answer to a malformed request, in whose place the hub answers a sentence."""
_SAFE = frozenset({"get", "head"})
_SENTENCES = {
    400: "The body cannot be read.",
    401: "Nobody is signed in, or what was shown does not hold.",
    403: "The role does not permit it, or the request does not come from a page of this hub.",
    404: "There is no such thing, or no such path.",
    405: "The path takes other methods.",
    413: "The message is longer than the hub takes here.",
    421: "The hub does not answer to the name in the request.",
    422: "Something in the request does not fit.",
    503: "It cannot be done now: the store or the audit log cannot be written, or the hub is too busy.",
}
_HEADERS: dict[int, dict[str, tuple[str, bool]]] = {
    401: {"www-authenticate": ("How scripts show who they are.", True)},
    405: {"allow": ("The methods that the path takes.", True)},
    425: {"retry-after": ("Seconds to wait.", True)},
    429: {"retry-after": ("Seconds to wait.", True)},
    503: {"retry-after": ("Seconds to wait.", False)},
}


def complete(description: dict[str, Any]) -> None:
    """Add to every operation the answers that are not its own to give; those that it describes itself stay.

    Parameters
    ----------
    description : dict
        OpenAPI 3, as the framework makes it of the routes; changed in place.
    """
    for path, item in description["paths"].items():
        for method, operation in item.items():
            answers = operation["responses"]
            for status in _refusals(method, path, operation):
                _describe(answers, status)
            for status, answer in answers.items():
                if int(status) >= 400:
                    # All the same, though the framework says otherwise of routes that answer in plain text.
                    answer["content"] = {"application/json": {"schema": {"$ref": _REFERENCE}}}
                if headers := _HEADERS.get(int(status)):
                    answer["headers"] = {name: _header(*told) for name, told in headers.items()}
            operation["responses"] = dict(sorted(answers.items()))
    for name in _THEIRS:
        description["components"]["schemas"].pop(name, None)


def _refusals(method: str, path: str, operation: dict[str, Any]) -> Iterator[int]:
    need = need_told(operation)
    is_open = need is not None and "stranger" in need.askers
    yield from (413, 421, 503)
    if not is_open:
        yield 401
    if not is_open or method not in _SAFE:
        yield 403
    if "requestBody" in operation:
        yield 400
    if "requestBody" in operation or operation.get("parameters"):
        yield 422
    if "{" in path:
        # A name with a slash in it leads to another path.
        yield from (404, 405)


def _describe(answers: dict[str, Any], status: int) -> None:
    """Add an answer, in place of the framework's own."""
    known = answers.get(str(status), {})
    if _THEIRS[0] in str(known) or known.get("description") in (None, HTTPStatus(status).phrase):
        answers[str(status)] = known | {"description": _SENTENCES[status]}


def _header(sentence: str, required: bool) -> dict[str, Any]:
    return {"description": sentence, "required": required, "schema": {"type": "string"}}

"""Routes whose answer to a malformed request never repeats what was sent: it may hold a camera's password."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

_MOST_TOLD = 10
_LONGEST_KEY = 40


class QuietRoute(APIRoute):
    """A route that tells what is wrong with a request in sentences, where the framework would send the input back."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with its own answer to a request that does not fit."""
        handle = super().get_route_handler()

        async def quiet(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                sentences = sentences_of(error.errors())
            return JSONResponse({"detail": "\n".join(sentences)}, status_code=422)

        return quiet


def sentences_of(errors: Sequence[Any]) -> list[str]:
    """What is wrong, without what was sent; the first ten."""
    return [f"{_place(error)}: {_sentence(error)}" for error in errors[:_MOST_TOLD]]


def _place(error: Any) -> str:
    parts = [str(part)[:_LONGEST_KEY] for part in error["loc"] if part not in ("body", "query", "path")]
    # The name of a field that is not asked for may hold half a character, which is no text.
    return (".".join(parts) or "the request").encode("utf-8", "replace").decode()


def _sentence(error: Any) -> str:
    if error["type"] == "rule":
        return str(error["ctx"]["sentence"])
    message = str(error["msg"])
    return f"{message[:1].lower()}{message[1:]}"

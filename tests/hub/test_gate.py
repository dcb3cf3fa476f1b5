"""The gate: a stranger gets health and sign-in, and nothing else, known or not."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount, Route

from throng.hub.app import Hub
from throng.hub.gate import COOKIE, FOR_STRANGERS

pytestmark = pytest.mark.anyio


class Client(Protocol):
    def __call__(self, *, signed_in: bool = False) -> AbstractAsyncContextManager[httpx.AsyncClient]: ...

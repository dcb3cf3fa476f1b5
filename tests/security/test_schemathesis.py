"""The hub asked what its own description makes up: no fault of ours, and no answer outside the description.

Half of the requests are always the same, half are new each time: `THRONG_FUZZ_SEED` asks those of an earlier time again.
`THRONG_FUZZ_REQUESTS` asks more of them.
"""

import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.security.asking import Reply
from tests.security.deployment import Deployment, deployed
from tests.security.described import Described
from tests.security.fuzzing import ASKERS, Report, fuzz

REQUESTS = int(os.environ.get("THRONG_FUZZ_REQUESTS", "1200"))
SEED = int(os.environ.get("THRONG_FUZZ_SEED", secrets.randbelow(2**31)))


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("hub")) as made:
        yield made


@pytest.mark.timeout(0 if REQUESTS > 10_000 else 300)
def test_no_fault_and_no_answer_outside_the_description(tmp_path: Path) -> None:
    report = Report()
    for first_seed in (0, SEED):
        fuzz(tmp_path, REQUESTS // 2, first_seed=first_seed, report=report)
    print(f"\nTHRONG_FUZZ_SEED={SEED}: {report}")
    assert not report.findings, f"THRONG_FUZZ_SEED={SEED}: {report}"
    # That this says something: all kinds of people asked nearly everything, and much of it was done.
    assert report.askers.total() >= REQUESTS * 0.95
    assert report.askers.keys() == {" ".join(asker).strip() for asker in ASKERS}
    with deployed(tmp_path / "again") as deployment:
        everything = Described(deployment.hub.openapi()).labels
    # Of a few requests some operation or other may get none.
    assert len(report.asked) > (0.85 if REQUESTS < 10_000 else 0.999) * len(everything)
    assert len(report.done) > len(everything) / 2
    assert {200, 303, 400, 401, 403, 404, 405, 422} <= report.statuses.keys()
    assert report.refusals_compared > REQUESTS / 50


def test_every_operation_tells_how_it_refuses(deployment: Deployment) -> None:
    for path, item in deployment.hub.openapi()["paths"].items():
        for method, operation in item.items():
            told, open_to = operation["responses"], operation["x-throng-need"]["askers"]
            assert {"413", "421", "503"} <= told.keys(), (method, path)
            if "stranger" not in open_to:
                assert {"401", "403"} <= told.keys(), (method, path)
            if "requestBody" in operation:
                assert {"400", "422"} <= told.keys(), (method, path)
            for status, answer in told.items():
                if int(status) >= 400:
                    assert answer["content"] == {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert "HTTPValidationError" not in json.dumps(deployment.hub.openapi())


def test_an_answer_outside_the_description_is_found(deployment: Deployment) -> None:
    """The judge of the tests above, judged: each of these was once an answer, and then was not."""
    described = Described(deployment.hub.openapi())
    as_json = [("content-type", "application/json")]
    log: dict[str, Any] = {"seq": 1, "hash": "", "time": None}
    right = Reply(200, as_json, json.dumps(log).encode())
    assert described.answer_problems("GET", "/api/v1/log/head", right) == []
    wrong = {
        "UndefinedStatusCode": Reply(418, as_json, b'{"detail":"x"}'),
        "UndefinedContentType": Reply(200, [("content-type", "text/html")], b"<p>"),
        "MissingContentType": Reply(200, [], b"{}"),
        "JsonSchemaError": Reply(200, as_json, json.dumps(log | {"more": 1}).encode()),
        "MissingHeaders": Reply(401, as_json, b'{"detail":"x"}'),
        "ServerError": Reply(500, as_json, b'{"detail":"x"}'),
    }
    for kind, reply in wrong.items():
        problems = described.answer_problems("GET", "/api/v1/log/head", reply)
        assert any(problem.startswith(kind) for problem in problems), (kind, problems)
    assert described.answer_problems("GET", "/api/v1/nothing", right) != []
    inside = {b"Traceback (most recent", b"<throng.x object at 0x7f>", b"rtsp://alphasite-secret.example/", b"SecretStr('x')"}
    assert all(any("inside" in problem for problem in Reply(200, as_json, body).problems()) for body in inside)

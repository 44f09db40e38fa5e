"""Limits, tokens, formats: every request that is not answered is told why in one sentence."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from arden.serving.limits import Limits
from tests.serving.toys import Running, running, sentence

SMALL = Limits(max_body=0.002, max_rows=3, max_samples=5, max_steps=60, max_time=0.3)
ROW = [0, 1, 1, 0, 1, 0]


@pytest.fixture(scope="module")
def small() -> Any:
    """() -> a server with narrow limits."""
    from arden.kernels import without_kernels

    with without_kernels(), running(["bits", "strings"], SMALL) as found:
        yield found


def test_limits_are_named(small: Running) -> None:
    told = small.refused("/score", 413, "bits", rows=[ROW] * 4)
    assert told == "rows: expected at most 3 (--max-rows), got 4"
    told = small.refused("/score", 413, "bits", rows=[ROW] * 300)
    assert told == "body: expected at most 0.002 MB (--max-body), got more"
    headers = {"content-type": "application/json"}
    for pieces in (9, 99):  # of a length that nobody tells beforehand; the second is cut off
        try:
            content = (b" " * 500 for _ in range(pieces))
            told = sentence(small.client.post("/score", content=content, headers=headers), 413)
            assert "--max-body" in told
        except httpx.WriteError:
            assert pieces == 99
    response = small.client.post("/score", content=b" " * 9000, headers={**headers, "expect": "x"})
    assert "--max-body" in sentence(response, 413)
    told = small.refused("/sample", 422, "bits", number=6)
    assert told == "number: expected at most 5 (--max-samples), got 6"
    for name in ("number", "candidates"):
        told = small.refused("/complete", 422, "bits", rows=[ROW], **{name: 6})
        assert told == f"{name}: expected at most 5 (--max-samples), got 6"
    told = small.refused("/sample", 422, "strings", number=3, longest=21)
    assert "at most 60 scalars to visit in a request (--max-steps), got 63" in told
    told = small.refused("/complete", 422, "bits", rows=[ROW] * 3, candidates=4)
    assert "got 72: rows × variables × completions" in told
    assert "got 65" in small.refused("/score", 422, "strings", rows=["a" * 64])
    assert small.ask("/sample", "strings", number=3, longest=20)


def test_time_is_limited_and_the_work_given_up(
    small: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A walk whose every step takes a while is left between two of them, not at its end."""
    network = small.served["bits"].model.network
    steps, step = [], network.step

    def slow(*args: Any, **how: Any) -> Any:
        # Beneath what asks whether to go on: the network's own step takes 0.2 seconds.
        steps.append(1)
        time.sleep(0.2)
        return type(network).step(network, *args, **how)

    asking = step.__closure__
    assert asking is not None
    cell = next(c for c in asking if getattr(c.cell_contents, "__name__", "") == "step")
    before = cell.cell_contents
    cell.cell_contents = slow
    try:
        started = time.monotonic()
        told = small.refused("/sample", 504, "bits", number=1, seed=0)
        assert told == "given up after 0.3 seconds (--max-time)"
        assert time.monotonic() - started < 1.0
        time.sleep(1.0)  # all five steps that follow the start would be done by then
        assert len(steps) <= 3
    finally:
        cell.cell_contents = before
    assert small.ask("/sample", "bits", number=1)["rows"]  # the thread is free for others


def test_a_body_that_does_not_come_is_given_up(small: Running) -> None:
    host, _, port = small.address.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as slow:
        head = "POST /score HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        slow.sendall(f"{head}content-length: 99\r\n\r\n{{".encode())
        told = slow.recv(4096)
    assert told.startswith(b"HTTP/1.1 408 ")
    assert small.line(status=408)["ms"] < 2000


def test_more_than_can_wait_are_turned_away_at_once() -> None:
    """Twice as many as may wait are there already, their bodies still on the way."""
    from arden.kernels import without_kernels

    with without_kernels(), running(["bits"], Limits(max_waiting=1)) as found:
        host, _, port = found.address.removeprefix("http://").rpartition(":")
        head = b"POST /score HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n"
        slow = [socket.create_connection((host, int(port)), timeout=10) for _ in range(2)]
        for connection in slow:
            connection.sendall(head)
        while "arden_running 3" not in found.client.get("/metrics").text:
            time.sleep(0.02)
        response = found.post("/score", rows=[ROW])
        assert "1 requests and more are being answered" in sentence(response, 503)
        assert response.headers["retry-after"] == "1"
        for connection in slow:
            connection.close()
        while "arden_running 1" not in found.client.get("/metrics").text:
            time.sleep(0.02)
        assert found.ask("/score", rows=[ROW])["log_prob"]


@pytest.mark.parametrize(
    ("content", "status", "told"),
    [
        (b"{", 400, "not valid JSON"),
        (b"\xff", 400, "not valid JSON"),
        (b'{"rows": [[NaN]]}', 400, "NaN is no JSON; null is what is not known"),
        (b'{"rows": [[1e999, 0, 0, 0, 0, 0]], "model": "bits"}', 422, "expected 0 or 1"),
        (b"[" * 100_000, 400, "nested too deeply"),
        (b"[]", 422, "expected an object, got a list"),
        (b"{}", 422, "rows: expected a list of rows, got a NoneType"),
        (b'{"rows": []}', 422, "at least one row"),
        (b'{"rows": 5}', 422, "expected a list of rows, got a int"),
        (b'{"rows": [[0]], "modle": "bits"}', 422, "no such option of /score; expected rows"),
        (b'{"rows": [[0]], "model": 3}', 422, "model: input should be a valid string"),
        (b'{"rows": [[0]], "variables": 1}', 422, "variables: input should be a valid boolean"),
        (b'{"rows": [[0, 1]], "model": "bits"}', 422, "expected shape (N, 2, 3)"),
        (b'{"rows": ["x"], "model": "strings"}', 422, "not one of the model's 4 characters"),
    ],
)  # fmt: skip
def test_bodies_that_cannot_be_read(
    server: Running, content: bytes, status: int, told: str
) -> None:
    headers = {"content-type": "application/json"}
    response = server.client.post("/score", content=content, headers=headers)
    assert told in sentence(response, status)


def test_options_are_checked(server: Running) -> None:
    for told, words in (
        ({"number": 0}, "number: input should be greater than or equal to 1"),
        ({"number": 1.5}, "number: input should be a valid integer"),
        ({"seed": -1}, "seed: input should be greater than or equal to 0"),
        ({"seed": 2**53}, "seed: input should be less than"),
        ({"longest": 3}, "longest: expected none, because events of this model have one length"),
    ):
        assert words in server.refused("/sample", 422, "bits", **told)
    wrong = {"rows": [ROW], "false_alarms": 1.0}
    assert "false_alarms: input should be less than 1" in server.refused(
        "/detect", 422, "bits", **wrong
    )
    assert len(server.ask("/sample", "bits", number=2.0, seed=3.0)["rows"]) == 2
    told = server.refused("/complete", 422, "bits", rows=[ROW], greedy=True, number=2)
    assert "num: expected 1 with greedy" in told


def test_formats_are_negotiated(server: Running) -> None:
    body = json.dumps({"model": "bits", "rows": [ROW]})

    def post(**headers: str) -> Any:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return server.client.post("/score", content=body, headers=told)

    told = "expected application/json or application/vnd.apache.arrow.stream, got text/plain"
    assert told in sentence(post(content_type="text/plain"), 415)
    assert "got none" in sentence(post(), 415)
    told = sentence(post(content_type="application/json", accept="text/html"), 406)
    assert told.endswith("got text/html")
    for accept in ("*/*", "application/*", "text/html, */*;q=0.1", "application/json; charset=x"):
        response = post(content_type="application/json; charset=utf-8", accept=accept)
        assert response.headers["content-type"] == "application/json"
    assert "expected the options in the body" in sentence(
        server.client.post("/score?seed=1", json={"rows": [ROW]}), 422
    )
    assert server.client.post("/sample?").status_code == 422  # several models, none named
    assert sentence(server.client.get("/score"), 405) == "GET /score: no such method for this path"
    assert sentence(server.client.post("/scores"), 404) == "POST /scores: no such path"


def test_without_arrow_it_is_said(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arden.serving.formats._has_arrow", lambda: False)
    arrow = "application/vnd.apache.arrow.stream"
    response = server.client.post("/score", content=b"", headers={"content-type": arrow})
    assert "needs the package pyarrow, which this server lacks" in sentence(response, 415)
    told = {"model": "bits", "rows": [ROW]}
    response = server.client.post("/score", json=told, headers={"accept": arrow})
    assert "needs the package pyarrow" in sentence(response, 406)
    accept = f"{arrow}, application/json;q=0.5"
    response = server.client.post("/score", json=told, headers={"accept": accept})
    assert response.headers["content-type"] == "application/json"


def test_a_mistake_of_ours_is_one_sentence(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.served["bits"].batcher, "submit", None)
    told = server.refused("/score", 500, "bits", rows=[ROW])
    assert told.startswith("a mistake of the server's")
    last = server.line(status=500, path="/score")
    assert last["fault"].startswith("TypeError at ")
    assert Path(last["fault"].rpartition(":")[0].removeprefix("TypeError at ")).name == "app.py"


def test_a_token_opens_everything_but_the_health() -> None:
    with running(["bits"], token="s3cret") as closed:
        assert closed.client.get("/health").json()["status"] == "ok"
        for path in ("/metrics", "/openapi.json", "/docs", "/"):
            response = closed.client.get(path)
            assert "expected the token of this server" in sentence(response, 401)
            assert response.headers["www-authenticate"] == "Bearer"
        for wrong in ("Bearer s3cre", "Bearer s3crett", "Basic s3cret", "s3cret", "Bearer \xff"):
            told = {"authorization": wrong.encode("latin-1")}
            response = closed.client.post("/score", json={"rows": [ROW]}, headers=told)
            assert response.status_code == 401
        for right in ("Bearer s3cret", "bearer  s3cret"):
            told = {"authorization": right.encode()}
            response = closed.client.post("/score", json={"rows": [ROW]}, headers=told)
            assert response.status_code == 200
        contract = closed.client.get("/openapi.json", headers=told).json()
        assert contract["paths"]["/score"]["post"]["security"] == [{"token": []}]
        assert contract["paths"]["/health"]["get"]["security"] == []
        assert "s3cret" not in closed.log.getvalue()

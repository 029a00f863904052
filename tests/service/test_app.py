"""The service's interface, asked in the same process around a marker without a model."""

from __future__ import annotations

import asyncio
import json
import logging
import threading

import pytest

pytest.importorskip("fastapi")

TEXT = "🙂 সে ঢাকায় থাকে"


def _post(body, **more):
    return {"url": "/ner", "json": body, **more}


def test_app_gives_entities_in_code_points_or_utf16(ask):
    async def calls(client, service):
        one = await client.post(**_post({"text": TEXT}))
        many = await client.post(**_post({"texts": ["কিছু না", TEXT]}, params={"offsets": "utf16"}))
        return one.json(), many.json()

    one, many = ask(calls)
    ent = {"start": 5, "end": 11, "label": "LOC", "text": "ঢাকায়", "confidence": 0.9}
    assert one == {"model": "bn_stub-1", "offsets": "codepoint", "results": [{"ents": [ent]}]}
    assert many["offsets"] == "utf16"
    assert many["results"] == [{"ents": []}, {"ents": [{**ent, "start": 6, "end": 12}]}]
    units = TEXT.encode("utf-16-le")
    assert units[12:24].decode("utf-16-le") == "ঢাকায়"


def test_app_refuses_with_a_code_and_without_the_text(ask):
    json_type = {"Content-Type": "application/json"}

    async def chunks():
        for _ in range(20):
            yield b"x" * 100

    async def calls(client, service):
        return {
            "not_json": await client.post("/ner", content=b"{}"),
            "body_too_large": await client.post("/ner", content=b"x" * 600, headers=json_type),
            "body_too_large ": await client.post("/ner", content=chunks(), headers=json_type),
            "invalid_json": await client.post("/ner", content=b"hush {", headers=json_type),
            "wrong_offsets": await client.post(
                **_post({"text": "hush"}, params={"offsets": "hush"})
            ),
            "wrong_keys": await client.post(**_post({"hush": 1})),
            "model_failed": await client.post(**_post({"texts": ["hush", "fail hush"]})),
            "wrong_method": await client.get("/ner"),
            "not_found": await client.get("/hush"),
        }

    got = ask(calls, body_bytes=500)
    status = [response.status_code for response in got.values()]
    assert status == [415, 413, 413, 400, 422, 422, 500, 405, 404]
    for code, response in got.items():
        assert response.json()["error"]["code"] == code.strip()
        assert "hush" not in response.text and "Traceback" not in response.text
    assert got["model_failed"].headers["X-Request-ID"] in got["model_failed"].text


def test_app_closes_the_connection_if_the_body_was_not_read(ask):
    async def chunks():
        yield b"x"

    async def calls(client, service):
        typed = {"Content-Type": "application/json", "X-API-Key": "k"}
        key = {"X-API-Key": "k"}
        early = [
            await client.post(**_post({"text": "x"})),
            await client.post("/ner", content=b"x", headers=key),
            await client.post("/ner", content=chunks(), headers=key),
            await client.post("/made/up", content=b"x", headers=key),
            await client.put("/ner", content=b"x", headers=key),
        ]
        service.in_hand = service.limits.requests
        early.append(await client.post(**_post({"text": "x"}, headers=typed)))
        service.in_hand = 0
        read = [
            await client.post(**_post({"text": "x"}, headers=typed)),
            await client.post("/ner", content=b"{", headers=typed),
            await client.get("/model"),
            await client.post("/made/up", headers=key),
        ]
        return early, read

    early, read = ask(calls, key="k")
    assert [response.status_code for response in early] == [401, 415, 415, 404, 405, 503]
    assert [response.status_code for response in read] == [200, 400, 401, 404]
    assert {response.headers.get("connection") for response in early} == {"close"}
    assert {response.headers.get("connection") for response in read} == {None}


def test_app_builds_large_answers_off_the_event_loop(ask, monkeypatch):
    from scripts.service import app

    built, answer = [], app.answer

    def build(*given):
        built.append(threading.current_thread())
        return answer(*given)

    async def calls(client, service):
        return (await client.post(**_post({"text": TEXT}))).status_code

    monkeypatch.setattr(app, "answer", build)
    assert ask(calls) == 200
    monkeypatch.setattr(app, "ENTITIES_AT_ONCE", 0)
    assert ask(calls) == 200
    assert [thread is threading.main_thread() for thread in built] == [True, False]


def test_app_answers_head_where_orchestrators_ask(ask):
    async def calls(client, service):
        return [
            (await client.head(path)).status_code for path in ("/health", "/ready", "/", "/ner")
        ]

    assert ask(calls) == [200, 200, 200, 405]


def test_app_ends_a_body_that_comes_too_slowly(ask):
    async def slow():
        yield b'{"text"'
        await asyncio.sleep(5)

    async def calls(client, service):
        headers = {"Content-Type": "application/json"}
        return await client.post("/ner", content=slow(), headers=headers)

    response = ask(calls, body_seconds=0.05)
    assert (response.status_code, response.json()["error"]["code"]) == (408, "slow_body")


def test_app_answers_503_when_full_and_504_when_late(ask, stub):
    async def calls(client, service):
        stub.go.clear()
        late = asyncio.create_task(client.post(**_post({"text": "late"})))
        while not stub.batches:
            await asyncio.sleep(0.001)
        queued = asyncio.create_task(client.post(**_post({"text": "queued"})))
        while not service.thread.waiting:
            await asyncio.sleep(0.001)
        full = await client.post(**_post({"text": "full"}))
        ready = await client.get("/ready")
        await asyncio.sleep(0.06)
        stub.go.set()
        return await late, await queued, full, ready

    late, queued, full, ready = ask(calls, queue_texts=1, answer_seconds=0.05)
    # The first was already with the model when its time was over: its answer is given.
    assert late.status_code == 200
    assert (queued.status_code, queued.json()["error"]["code"]) == (504, "late")
    assert (full.status_code, full.headers["Retry-After"]) == (503, "1")
    assert (ready.status_code, ready.json()) == (503, {"status": "busy"})


def test_app_drops_the_texts_of_a_client_that_went_away(ask, stub):
    async def calls(client, service):
        stub.go.clear()
        held = asyncio.create_task(client.post(**_post({"text": "held"})))
        while not stub.batches:
            await asyncio.sleep(0.001)
        gone = asyncio.create_task(client.post(**_post({"texts": ["gone", "gone"]})))
        while not service.thread.waiting:
            await asyncio.sleep(0.001)
        gone.cancel()
        await asyncio.wait([gone])
        stub.go.set()
        return await held, await client.post(**_post({"text": "next"})), service.thread.dropped

    held, after, dropped = ask(calls)
    assert (held.status_code, after.status_code, dropped) == (200, 200, 2)
    assert stub.batches == [["held"], ["next"]]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-API-Key": "wrong"}, 401),
        ({"Authorization": "Basic গোপন".encode()}, 401),
        ({"X-API-Key": "গোপন".encode()}, 200),
        ({"Authorization": "bearer গোপন".encode()}, 200),
    ],
)
def test_app_asks_for_the_key_everywhere_but_at_health_ready_and_the_page(ask, headers, status):
    async def calls(client, service):
        closed = [await client.get(path, headers=headers)
                  for path in ("/model", "/metrics", "/openapi.json")]  # fmt: skip
        closed.append(await client.post(**_post({"text": "x"}, headers=headers)))
        opened = [await client.get(path, headers=headers)
                  for path in ("/health", "/ready", "/", "/page.js", "/page.css")]  # fmt: skip
        return closed, opened

    closed, opened = ask(calls, key="গোপন")
    assert {response.status_code for response in closed} == {status}
    assert {response.status_code for response in opened} == {200}


def test_app_without_a_key_answers_to_loopback_names_only(ask):
    async def calls(client, service):
        names = (
            "127.0.0.1:8000",
            "localhost",
            "[::1]:80",
            "evil.example",
            "localhost.evil.example",
        )
        return [(await client.get("/health", headers={"Host": name})).status_code for name in names]

    assert ask(calls, local=True) == [200, 200, 200, 421, 421]


def test_app_sends_security_headers_and_keeps_a_sane_request_id(ask):
    async def calls(client, service):
        page = await client.get(
            "/", headers={"X-Request-ID": "from-client.1", "Origin": "http://x"}
        )
        odd = await client.get("/health", headers={"X-Request-ID": 'a"b'})
        return page, odd

    page, odd = ask(calls)
    assert page.headers["X-Request-ID"] == "from-client.1"
    assert len(odd.headers["X-Request-ID"]) == 32
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert not [name for name in page.headers if name.startswith("access-control")]


def test_app_metrics_count_without_texts_and_with_few_labels(ask):
    async def calls(client, service):
        await client.post(**_post({"texts": [TEXT, "gizmo"]}))
        for number in range(20):
            await client.request(f"ODD{number}", f"/made/up/{number}")
        return (await client.get("/metrics")).text

    text = ask(calls)
    assert 'ner_requests_total{code="200",method="POST",path="/ner"} 1.0' in text
    assert 'ner_requests_total{code="404",method="other",path="other"} 20.0' in text
    for line in ("ner_texts_total 2.0", "ner_entities_total 1.0", "ner_batch_texts_count 1.0",
                 "ner_queue_texts 0.0", "ner_ready 1.0"):  # fmt: skip
        assert line in text
    assert "gizmo" not in text and "made" not in text


def test_app_logs_a_json_line_without_text_or_key(ask, caplog):
    from scripts.service.logs import LOGGER, JsonLines

    async def calls(client, service):
        await client.post(**_post({"text": TEXT}, headers={"X-API-Key": "hush"}))
        await client.post(**_post({"text": "fail gizmo"}, headers={"X-API-Key": "hush"}))

    with caplog.at_level(logging.INFO, logger=LOGGER):
        ask(calls, key="hush")
    lines = [json.loads(JsonLines().format(r)) for r in caplog.records if r.name == LOGGER]
    assert [line["status"] for line in lines] == [200, 500]
    assert lines[0].keys() == {"time", "level", "event", "id", "method", "path", "status", "ms",
                               "texts", "characters", "entities"}  # fmt: skip
    assert (lines[0]["path"], lines[0]["characters"], lines[0]["entities"]) == (
        "/ner",
        len(TEXT),
        1,
    )
    assert lines[1]["error"] == "ValueError from the model"
    written = json.dumps(lines, ensure_ascii=False)
    assert not any(word in written for word in ("hush", "gizmo", "ঢাকায়", "secret"))


def test_app_openapi_examples_are_true(ask):
    async def calls(client, service):
        document = (await client.get("/openapi.json")).json()
        post = document["paths"]["/ner"]["post"]
        examples = post["requestBody"]["content"]["application/json"]["examples"]
        answers = [await client.post(**_post(e["value"])) for e in examples.values()]
        return post, answers, document

    post, answers, document = ask(calls)
    assert [a.status_code for a in answers] == [200, 200]
    shown = post["responses"]["200"]["content"]["application/json"]["example"]
    assert shown.keys() == answers[0].json().keys()
    ent = shown["results"][0]["ents"][1]
    found = answers[0].json()["results"][0]["ents"][0]
    assert {**found, "confidence": 0} == {**ent, "confidence": 0}
    assert {"/ner", "/health", "/ready", "/model", "/metrics"} == set(document["paths"])


def test_app_says_that_it_is_loading_and_that_the_model_failed(ask):
    def broken():
        raise OSError("no model")

    async def calls(client, service):
        while service.thread.alive:
            await asyncio.sleep(0.001)
        paths = ("/health", "/ready", "/model")
        got = [await client.get(path) for path in paths]
        return [*got, await client.post(**_post({"text": "x"}))]

    assert {response.status_code for response in ask(calls, load=broken)} == {503}


def test_app_page_loads_nothing_from_elsewhere(ask):
    async def calls(client, service):
        return {
            path: await client.get(path) for path in ("/", "/page.css", "/page.js", "/icon.svg")
        }

    for response in ask(calls).values():
        assert response.status_code == 200
        body = response.text.replace("http://www.w3.org/2000/svg", "")
        assert "http:" not in body and "https:" not in body and "innerHTML" not in body

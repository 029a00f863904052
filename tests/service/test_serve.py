"""The real service in a process of its own: command, page in a browser, mixed requests."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from .conftest import ROOT

pytestmark = pytest.mark.project
httpx = pytest.importorskip("httpx")
pytest.importorskip("fastapi")

TRAIN = [
    ("করিম ঢাকায় থাকেন", [(0, 4, "PER"), (5, 11, "LOC")]),
    ("🙂 করিম আজ ঢাকায়", [(2, 6, "PER"), (10, 16, "LOC")]),
    ("আজ ঢাকায় বৃষ্টি", [(3, 9, "LOC")]),
    ("সে বই পড়ে", []),
]
TEXT = "🙂 করিম আজ ঢাকায়"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A Bangla ner that has learned four sentences by heart."""
    import spacy
    from spacy.training import Example
    from spacy.util import fix_random_seed

    fix_random_seed(0)
    nlp = spacy.blank("bn")
    nlp.add_pipe("ner")
    examples = [Example.from_dict(nlp.make_doc(text), {"entities": spans}) for text, spans in TRAIN]
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(40):
        nlp.update(examples, sgd=optimizer)
    path = tmp_path_factory.mktemp("serve") / "model"
    nlp.to_disk(path)
    return path


@pytest.fixture(scope="module")
def running(model):
    from benchmarks.serve_load import running_server

    with running_server(model) as server:
        yield server


@pytest.fixture
def page(running):
    """A page of headless Chromium; every address that it asks for is kept."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(running.url)
        page.wait_for_selector("#example:not([disabled])")
        yield page
        browser.close()


def _mark(page, text):
    page.fill("#text", text)
    page.keyboard.press("Control+Enter")
    # Not wait_for_function, which the page's own security policy forbids.
    page.wait_for_selector("#status:has-text('found')")
    return page.evaluate("last")


def test_serve_page_marks_bangla_after_an_emoji_and_asks_nobody_else(page, running):
    found = _mark(page, TEXT)
    assert [(e["text"], e["label"]) for e in found["ents"]] == [("করিম", "PER"), ("ঢাকায়", "LOC")]
    # UTF-16: the emoji counts two.
    assert [(e["start"], e["end"]) for e in found["ents"]] == [(3, 7), (11, 17)]
    marks = page.locator("#marked mark")
    texts = marks.evaluate_all("nodes => nodes.map(node => node.firstChild.data)")
    assert texts == ["করিম", "ঢাকায়"]
    assert "confidence" in marks.first.get_attribute("title")
    assert page.locator("#legend li").all_inner_texts() == ["LOC 1", "PER 1"]
    assert page.asked and all(url.startswith(running.url + "/") for url in page.asked)


def test_serve_page_shows_markup_as_text(page):
    hostile = '<img src=x onerror="window.hit=1"><script>window.hit=1</script> করিম ঢাকায়'
    _mark(page, hostile)
    assert page.evaluate("window.hit") is None
    assert page.locator("#result img, #result script").count() == 0
    for extra in page.locator("#marked .label, #marked .tip").all():
        extra.evaluate("node => node.textContent = ''")
    words = page.locator("#marked").evaluate("node => node.textContent")
    assert words == hostile


def test_serve_page_works_by_keyboard_alone(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "text"
    page.keyboard.type(TEXT)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#marked mark")
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "MARK"
    assert page.locator("#marked mark .tip").first.is_visible()
    page.fill("#text", "")
    page.press("#text", "Control+Enter")
    assert page.locator("#error").inner_text() == "There is no text to mark."
    assert page.evaluate("document.activeElement.id") == "text"


def test_serve_page_keeps_the_focus_and_shows_no_old_result_after_a_failure(page):
    page.fill("#text", TEXT)
    page.focus("#mark")
    page.keyboard.press("Enter")
    page.wait_for_selector("#status:has-text('found')")
    assert page.evaluate("document.activeElement.id") == "mark"
    cell = page.locator("#rows td").first
    assert (cell.get_attribute("lang"), cell.get_attribute("dir")) == ("bn", "auto")
    page.route("**/ner?*", lambda route: route.fulfill(status=503, body="busy"))
    page.keyboard.press("Enter")
    page.wait_for_selector("#error:has-text('503')")
    assert page.evaluate("document.activeElement.id") == "mark"
    assert page.evaluate("last") is None
    assert page.locator("#result").is_hidden()


def test_serve_page_says_copied_only_if_it_was(page):
    _mark(page, TEXT)
    page.evaluate(
        "navigator.clipboard.writeText = () => Promise.reject(); document.execCommand = () => false"
    )
    page.click("#copy")
    page.wait_for_selector("#error:has-text('copy')")
    assert page.locator("#status").inner_text() == ""
    page.evaluate("document.execCommand = () => true")
    page.click("#copy")
    page.wait_for_selector("#status:has-text('Copied.')")
    assert page.locator("#error").inner_text() == ""


def test_serve_page_works_under_a_prefix_that_a_proxy_takes_off(page, running):
    def forward(route):
        url = route.request.url.replace("/some/prefix/", "/")
        route.fulfill(response=route.fetch(url=url))

    page.route("**/some/prefix/**", forward)
    page.asked.clear()
    page.goto(running.url + "/some/prefix/")
    page.wait_for_selector("#example:not([disabled])")
    assert len(_mark(page, TEXT)["ents"]) == 2
    assert all("/some/prefix/" in url for url in page.asked)


@pytest.mark.parametrize("width", [320, 1280])
def test_serve_page_does_not_scroll_sideways(page, width):
    page.set_viewport_size({"width": width, "height": 700})
    _mark(page, TEXT + " " + "দীর্ঘ" * 60)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_serve_page_asks_for_the_key(page, model):
    from benchmarks.serve_load import running_server

    with running_server(model, key="গোপন") as closed:
        page.goto(closed.url)
        page.wait_for_selector("#key-row:not([hidden])")
        assert "key" in page.locator("#error").inner_text()
        page.fill("#key", "গোপন")
        page.press("#key", "Enter")
        page.wait_for_selector("#example:not([disabled])")
        assert len(_mark(page, TEXT)["ents"]) == 2


def test_serve_survives_mixed_requests(model):
    from benchmarks.serve_endurance import KINDS, endure

    found = endure(model, 600)
    assert not found.wrong
    assert sum(found.statuses.values()) == 600
    assert {name.split(":")[0] for name in found.statuses} == set(KINDS)
    # The first requests of a process still fill caches: the full run has the tight limit.
    assert found.growth() < 1.3


def test_serve_finishes_what_is_in_hand_on_sigterm(model):
    from benchmarks.serve_load import running_server

    with running_server(model) as server:
        texts = [TEXT * 40] * 200
        with httpx.Client(base_url=server.url, timeout=60) as client:
            got = []
            ask = threading.Thread(
                target=lambda: got.append(client.post("/ner", json={"texts": texts}))
            )
            ask.start()
            while "ner_queue_texts 0.0" in httpx.get(server.url + "/metrics").text and not got:
                time.sleep(0.002)
            server.process.send_signal(signal.SIGTERM)
            ask.join()
        assert server.process.wait(30) == 0
    assert got[0].status_code == 200
    assert len(got[0].json()["results"]) == 200


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing"], "There is no trained pipeline"),
        (["missing", "--host", "0.0.0.0"], "SERVE_API_KEY"),
    ],
)
def test_serve_command_refuses_without_a_traceback(arguments, said):
    from benchmarks.serve_load import free_port

    done = subprocess.run(
        [sys.executable, "-m", "scripts.serve", *arguments, "--port", str(free_port())],
        cwd=ROOT, env={**os.environ, "SERVE_API_KEY": ""},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert said in done.stdout
    assert "Traceback" not in done.stdout


def _always_started(app):
    """The application without its life span, which schemathesis would run for each request."""

    async def answer(scope, receive, send):
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        for event in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{event}.complete"})

    return answer


def test_serve_openapi_holds_under_generated_requests(stub):
    schemathesis = pytest.importorskip("schemathesis")
    from hypothesis import HealthCheck, Phase, given, settings

    from scripts.service.app import Service, create_app
    from scripts.service.envelope import Access
    from scripts.service.limits import Limits

    # Hypothesis tries the words that stand in the code, too.
    stub.failing = None
    service = Service(lambda: stub, Limits(), Access())
    service.thread.start()
    while service.thread.state() == "loading":
        time.sleep(0.01)
    schema = schemathesis.openapi.from_asgi("/openapi.json", _always_started(create_app(service)))
    seen = set()

    def check(case):
        response = case.call()
        case.validate_response(response)
        seen.add((case.operation.path, response.status_code))

    few = settings(
        max_examples=25, deadline=None, derandomize=True, phases=[Phase.generate],
        database=None, suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    for result in schema.get_all_operations():
        few(given(case=result.ok().as_strategy())(check))()
    assert service.thread.stop(5)
    assert ("/ner", 200) in seen
    assert {path for path, _ in seen} == {"/ner", "/health", "/ready", "/model", "/metrics"}

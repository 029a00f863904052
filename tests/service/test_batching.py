"""The thread that owns the model: batches, bounds, failures, and what is thrown away."""

from __future__ import annotations

import time

import pytest

pytest.importorskip("fastapi")

from scripts.inference.marking import Marked
from scripts.service.batching import Expired, ModelThread, TextFailed
from scripts.service.limits import Limits
from scripts.service.problems import Problem


def _started(stub, **limits) -> ModelThread:
    thread = ModelThread(lambda: stub, Limits(**limits))
    thread.start()
    while thread.state() == "loading":
        time.sleep(0.001)
    return thread


def _hold(stub, thread):
    """Keeps the model busy with one text, so that what comes next waits."""
    stub.go.clear()
    held = thread.submit(["held"])
    while not stub.batches:
        time.sleep(0.001)
    return held


def test_batching_puts_texts_of_several_requests_into_one_batch_in_order(stub):
    thread = _started(stub)
    _hold(stub, thread)
    tickets = [thread.submit(["ক", "খ"]), thread.submit(["গ"])]
    stub.go.set()
    done = [ticket.future.result(5) for ticket in tickets]
    assert done == [[Marked("ক", ()), Marked("খ", ())], [Marked("গ", ())]]
    assert stub.batches == [["held"], ["ক", "খ", "গ"]]
    assert thread.stop(5)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"batch_texts": 2}, [["aa", "bb"], ["cccccc", "d"]]),
        ({"batch_characters": 5}, [["aa", "bb"], ["cccccc"], ["d"]]),
    ],
)
def test_batching_keeps_to_the_sizes_of_a_batch(stub, limits, expected):
    thread = _started(stub, **limits)
    _hold(stub, thread)
    ticket = thread.submit(["aa", "bb", "cccccc", "d"])
    stub.go.set()
    ticket.future.result(5)
    assert stub.batches[1:] == expected
    assert thread.stop(5)


def test_batching_lets_only_the_text_fail_that_the_model_fails_on(stub):
    thread = _started(stub)
    _hold(stub, thread)
    good, bad = thread.submit(["ভালো"]), thread.submit(["ok", "fail"])
    stub.go.set()
    assert good.future.result(5) == [Marked("ভালো", ())]
    with pytest.raises(TextFailed) as caught:
        bad.future.result(5)
    assert (caught.value.position, caught.value.kind) == (1, "ValueError")
    assert thread.submit(["again"]).future.result(5)
    assert thread.stop(5)


@pytest.mark.parametrize("limits", [{"queue_texts": 3}, {"queue_characters": 9}])
def test_batching_refuses_what_the_queue_cannot_hold(stub, limits):
    thread = _started(stub, **limits)
    _hold(stub, thread)
    kept = thread.submit(["one", "two", "xxx"])
    with pytest.raises(Problem) as caught:
        thread.submit(["four"])
    assert (caught.value.status, caught.value.code) == (503, "busy")
    assert caught.value.headers["Retry-After"] == "1"
    assert (thread.state(), thread.waiting) == ("busy", 3)
    stub.go.set()
    assert len(kept.future.result(5)) == 3
    assert thread.state() == "ready"
    assert thread.stop(5)


def test_batching_drops_texts_that_nobody_waits_for_or_that_are_late(stub):
    thread = _started(stub, answer_seconds=0.05)
    _hold(stub, thread)
    gone, late = thread.submit(["gone", "too"]), thread.submit(["late"])
    assert gone.future.cancel()
    time.sleep(0.06)
    stub.go.set()
    with pytest.raises(Expired):
        late.future.result(5)
    assert thread.submit(["next"]).future.result(5)
    assert stub.batches == [["held"], ["next"]]
    assert thread.dropped == 3
    assert thread.stop(5)


def test_batching_finishes_the_queue_before_it_stops(stub):
    thread = _started(stub)
    _hold(stub, thread)
    ticket = thread.submit(["শেষ"])
    thread.begin_stop()
    with pytest.raises(Problem) as caught:
        thread.submit(["too late"])
    assert caught.value.code == "stopping"
    assert not thread.stop(0.01)
    stub.go.set()
    assert thread.stop(5)
    assert ticket.future.result(0) == [Marked("শেষ", ())]


def test_batching_says_that_the_model_could_not_be_loaded():
    def load():
        raise OSError("no model")

    thread = ModelThread(load, Limits())
    thread.start()
    thread.stop(5)
    assert isinstance(thread.failure, OSError)
    with pytest.raises(Problem):
        thread.submit(["x"])

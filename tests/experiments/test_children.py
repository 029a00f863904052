import json
import os
import platform
import threading
import time

import psutil
import pytest

from scripts.common.errors import UserError
from scripts.experiments.children import (
    ChildFailed,
    Children,
    Interrupted,
    alone_in,
    in_parallel,
)


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Makes a module that ``python -m`` finds."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def write(code: str) -> str:
        (tmp_path / "stand_in.py").write_text(code, encoding="utf8")
        return "stand_in"

    return write


def test_children_run_logs_all_that_is_printed(module, tmp_path):
    name = module("import sys; print('খুলনা', *sys.argv[1:]); print('শেষ', file=sys.stderr)")
    with Children() as children:
        assert children.run([name, "--a", "b"], tmp_path / "logs" / "x.txt")
    text = (tmp_path / "logs" / "x.txt").read_text(encoding="utf8")
    assert sorted(text.splitlines()) == sorted(["খুলনা --a b", "শেষ"])


def test_children_run_says_what_a_failed_command_printed_last(module, tmp_path):
    name = module("print('✘ The corpus has no tokenizer\\n'); raise SystemExit(3)")
    with Children() as children, pytest.raises(ChildFailed) as raised:
        children.run([name], tmp_path / "x.txt")
    assert "status 3" in raised.value.what
    assert "no tokenizer" in raised.value.todo


def test_children_run_ends_a_command_that_is_not_to_keep_on(module, tmp_path):
    name = module("import time\nprint('one', flush=True)\ntime.sleep(60)\nprint('two')")
    started = time.monotonic()
    with Children() as children:
        assert not children.run([name], tmp_path / "x.txt", lambda line: "one" not in line)
    assert time.monotonic() - started < 30
    assert "two" not in (tmp_path / "x.txt").read_text(encoding="utf8")


def test_children_stop_leaves_no_process_behind(module, tmp_path):
    name = module("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)")
    seen = threading.Event()
    numbers, errors = [], []

    def keep_on(line):
        numbers.append(int(line))
        seen.set()
        return True

    children = Children()

    def work():
        try:
            children.run([name], tmp_path / "x.txt", keep_on)
        except Interrupted as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert seen.wait(30)
    children.stop()
    thread.join(30)
    assert errors
    assert not psutil.pid_exists(numbers[0])
    with pytest.raises(Interrupted):
        children.run([name], tmp_path / "y.txt")


def test_children_share_the_cores_among_jobs(module, tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    name = module("import os; print(os.environ.get('OMP_NUM_THREADS'))")
    for jobs, threads in ((1, "None"), (3, "2"), (20, "1")):
        with Children(jobs) as children:
            children.run([name], tmp_path / f"{jobs}.txt")
        assert (tmp_path / f"{jobs}.txt").read_text(encoding="utf8").strip() == threads


def test_in_parallel_stops_the_rest_when_one_raises():
    stopped = []

    def fail():
        raise UserError("no")

    with pytest.raises(UserError):
        list(in_parallel([fail, lambda: 1], 1, lambda: stopped.append(True)))
    assert stopped == [True]


def test_alone_in_refuses_a_second_command_and_forgets_a_dead_one(tmp_path):
    with (
        alone_in(tmp_path),
        pytest.raises(UserError, match="works in this directory"),
        alone_in(tmp_path),
    ):
        pass
    assert list(tmp_path.iterdir()) == []
    dead = {"host": platform.node(), "pid": 99999999, "started": 0}
    (tmp_path / ".running.json").write_text(json.dumps(dead), encoding="utf8")
    with alone_in(tmp_path):
        assert (tmp_path / ".running.json").is_file()


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"pid": 1}'])
def test_alone_in_says_that_its_lock_cannot_be_read(tmp_path, content):
    (tmp_path / ".running.json").write_text(content, encoding="utf8")
    with pytest.raises(UserError, match="cannot be read"), alone_in(tmp_path):
        pass
    assert (tmp_path / ".running.json").read_text(encoding="utf8") == content

"""Commands of this project in processes of their own, several at a time."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, TypeVar

import psutil
import srsly

from ..common.errors import UserError
from ..common.files import new_file, write_json

LOCK = ".running.json"
PATIENCE_SECONDS = 10

Result = TypeVar("Result")


class Runner(Protocol):
    """Runs ``python -m ARGUMENTS``; tests put a stand-in in its place."""

    def __call__(
        self,
        arguments: Sequence[str],
        log: Path,
        keep_on: Callable[[str], bool] | None = None,
    ) -> bool:
        """Runs a command to its end and appends what it prints to ``log``.

        Args:
            arguments: Module and its arguments.
            log: A text file.
            keep_on: Is given every printed line; when it says no, the command is ended.

        Returns:
            Whether the command ran to its end; False if ``keep_on`` ended it.

        Raises:
            ChildFailed: It ended with another status than 0.
            Interrupted: All commands were to stop.
        """
        ...


class ChildFailed(UserError):
    """A command that was run ended with an error; the message ends with what it printed last."""


class Interrupted(UserError):
    """A command was ended, or not begun, because all of them were to stop."""


class Children:
    """Runs commands in processes of their own, and ends them all if this one is interrupted.

    Args:
        jobs: How many run at a time; each gets its share of the cores.
    """

    def __init__(self, jobs: int = 1) -> None:
        self._environment = {**os.environ, "PYTHONUTF8": "1"}
        if jobs > 1:
            # Threads of several trainings that wait for each other's cores are slower than one.
            threads = max(1, (os.cpu_count() or 1) // jobs)
            self._environment.setdefault("OMP_NUM_THREADS", str(threads))
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def __enter__(self) -> Children:
        # A cluster ends jobs with SIGTERM, which by default would leave the trainings running.
        self._handler = signal.signal(signal.SIGTERM, _interrupt)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        signal.signal(signal.SIGTERM, self._handler)
        self.stop()

    def run(
        self,
        arguments: Sequence[str],
        log: Path,
        keep_on: Callable[[str], bool] | None = None,
    ) -> bool:
        """Runs a command; see ``Runner``."""
        log.parent.mkdir(parents=True, exist_ok=True)
        ended = False
        last = ""
        with log.open("a", encoding="utf8", newline="\n") as file:
            process = self._start(arguments)
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    file.write(line)
                    last = line.strip() or last
                    if not ended and keep_on is not None and not keep_on(line):
                        ended = True
                        _end([process])
                status = process.wait()
            finally:
                _end([process])
                with self._lock:
                    self._running.discard(process)
        if self._stopped:
            raise Interrupted("Interrupted", where=str(log))
        if status != 0 and not ended:
            raise ChildFailed(
                f"{arguments[0]} ended with status {status}",
                where=str(log),
                todo=f"It printed last: {last[:300]}",
            )
        return not ended

    def stop(self) -> None:
        """Ends every command that runs; no other can be started."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        _end(running)

    def _start(self, arguments: Sequence[str]) -> subprocess.Popen[str]:
        with self._lock:
            if self._stopped:
                raise Interrupted("Interrupted")
            # A session of its own: Ctrl-C reaches this process alone, which ends the others.
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments], env=self._environment, text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                encoding="utf8", errors="replace",
                start_new_session=True,
            )  # fmt: skip
            self._running.add(process)
        return process


def in_parallel(
    tasks: Sequence[Callable[[], Result]], jobs: int, stop: Callable[[], None]
) -> Iterator[Result]:
    """Runs tasks in threads and gives their results as they come.

    Args:
        tasks: What to run; their order is that of their start.
        jobs: How many at a time.
        stop: Ends what runs; called if a task raises, or the caller is interrupted.

    Raises:
        Exception: What a task raised; those that have not begun are not run then.
    """
    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(task) for task in tasks]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            for future in futures:
                future.cancel()
            stop()
            raise


@contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """Keeps a second command out of a directory for as long as the block runs.

    Raises:
        UserError: Another process that still lives works in it, or it is not known which.
    """
    directory.mkdir(parents=True, exist_ok=True)
    lock = directory / LOCK
    owner = _read_owner(lock) if lock.is_file() else None
    if owner is not None and is_alive(owner):
        raise UserError(
            f"Process {owner['pid']} works in this directory",
            where=str(directory),
            todo="Wait for it, or name another directory with --output.",
        )
    with new_file(lock) as temporary:
        write_json(temporary, this_process())
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _read_owner(lock: Path) -> dict[str, Any]:
    try:
        owner = srsly.read_json(lock)
        return {key: owner[key] for key in ("host", "pid", "started")}
    except (ValueError, KeyError, TypeError):
        raise UserError(
            "It cannot be read which process works in this directory",
            where=str(lock),
            todo="If none does, remove this file.",
        ) from None


def this_process() -> dict[str, Any]:
    """What tells this process from all others: machine, number and time of its start."""
    process = psutil.Process()
    return {"host": _host(), "pid": process.pid, "started": process.create_time()}


def is_alive(owner: dict[str, Any]) -> bool:
    """Whether a process still lives; one of another machine is taken to."""
    if owner["host"] != _host():
        return True
    try:
        return abs(psutil.Process(owner["pid"]).create_time() - owner["started"]) < 1
    except psutil.Error:
        return False


def remove(path: Path) -> None:
    """Removes a directory tree or a file, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _host() -> str:
    return platform.node()


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _end(processes: Sequence[subprocess.Popen[str]]) -> None:
    """Asks processes to end, and kills those that do not in time."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

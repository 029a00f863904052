"""Blocks done on this machine: in this process, or in several."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection

from ...common.errors import UserError
from ..blocks import Block
from ..jobs import Job, PartResult, Worker

# Blocks a process that wait or are worked on: enough that none idles, so few that memory is flat.
WAITING = 2

_job: Job | None = None
_worker: Worker | None = None


def run_local(job: Job, blocks: Iterable[Block], n_process: int = 1) -> Iterator[PartResult]:
    """Does blocks on this machine, reading them as they are needed.

    Args:
        job: What is done with each.
        blocks: The blocks; those of stdin hold their bytes.
        n_process: Number of processes; each loads the model. The processor's cores are shared out
            among them.

    Yields:
        The result of each block, in the order in which they are done.

    Raises:
        UserError: Several processes are to share a GPU; the model cannot be loaded; or a process
            died: what the others had finished stays.
    """
    if n_process < 1 or (n_process > 1 and job.gpu_id >= 0):
        raise UserError(
            f"{n_process} processes are not possible" + (" on a GPU" if n_process > 1 else ""),
            where="--n-process",
            todo="A GPU is used by one process; several work on the CPU (--gpu-id -1).",
        )
    if n_process == 1:
        worker = Worker(job)
        for block in blocks:
            yield worker.do(block)
        return
    context = multiprocessing.get_context("spawn")
    threads = max((os.cpu_count() or 1) // n_process, 1)
    pool = ProcessPoolExecutor(n_process, context, _start, (job, threads))
    try:
        yield from _done(pool, blocks, WAITING * n_process)
    except BrokenProcessPool:
        raise UserError(
            "A process ended before its work was done",
            todo="Often memory ran out: give --n-process less. The same command goes on from the "
            "blocks that are done.",
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _done(pool: ProcessPoolExecutor, blocks: Iterable[Block], most: int) -> Iterator[PartResult]:
    waiting: set[Future[PartResult]] = set()
    for block in blocks:
        waiting.add(pool.submit(_do, block))
        while len(waiting) >= most:
            finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from _results(finished)
    while waiting:
        finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        yield from _results(finished)


def _results(finished: Iterable[Future[PartResult]]) -> list[PartResult]:
    return sorted((future.result() for future in finished), key=lambda result: result.number)


def _start(job: Job, threads: int) -> None:
    """Sets up a process; the model is loaded with its first block, whose errors reach the user."""
    import torch

    global _job
    _job = job
    torch.set_num_threads(threads)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Ends this process when the one that gives it work is killed, before it writes another part.

    The queue between them tells it nothing: each process has both of its ends.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _do(block: Block) -> PartResult:
    global _worker
    if _worker is None:
        if _job is None:
            raise AssertionError("the process was not set up")
        _worker = Worker(_job)
    return _worker.do(block)

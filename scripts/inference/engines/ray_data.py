"""The blocks of an input marked by a Ray cluster: Ray Data, one pipeline in each of its actors.

The dataset is no more than the numbers 0 to n; the blocks that they stand for lie in a file beside
the parts (``Spool``), which every actor reads for itself. So neither the driver nor Ray's object
store ever holds texts, or more than a few blocks' names. A block is done by the same ``Worker`` as
without Ray, which writes the same part.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import shutil
import socket
import sys
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.errors import UserError
from ..blocks import Block
from ..jobs import Job, PartResult, Worker

if TYPE_CHECKING:
    from ray.data import Dataset

REQUIREMENTS = "requirements-ray.txt"
# Numbers and counts are all that goes through it: little more than Ray's least, 75 MiB.
OBJECT_STORE_BYTES = 100 << 20
# A block that is begun so often and never ended takes its worker with it: Ray alone would start
# it again for ever.
ATTEMPTS = 5
# Handing a task to an actor costs the driver tens of milliseconds (docs/scale.md), so that a task
# is several blocks where there are many: as many as leave each actor this number of tasks, but no
# more than TASK_BLOCKS.
ACTOR_TASKS = 20
TASK_BLOCKS = 32
# Set before Ray is imported: no usage statistics are sent, the C++ side logs to files alone.
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}
# Lets a machine of its own listen on the loopback address, as Ray does by itself on Windows and
# macOS (ray/_private/ray_constants.py, services.get_node_ip_address).
LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
RESULT = "result"


def run_ray(
    job: Job, blocks: Iterable[Block], *, address: str | None = None, actors: int | None = None
) -> Iterator[PartResult]:
    """Marks blocks on a Ray cluster.

    The blocks are read to their end first. A block whose worker or node is lost is done again by
    another; doing it twice does no harm.

    Args:
        job: What is done with each block. Its parts directory, its model and the files of the
            blocks must be seen by all nodes under the same path.
        blocks: What is to be done.
        address: ``HOST:PORT`` or ``auto`` (the cluster of this node); None starts Ray on this
            machine alone, and ends it again.
        actors: Most actors at once, each with a pipeline of its own, on one CPU core or one GPU;
            None takes as many as the cluster has of these.

    Yields:
        What came of each block, in the order in which they are done.

    Raises:
        UserError: Ray is missing or cannot be reached, a node does not see the files, the job
            cannot be done, or a block has taken its worker down ``ATTEMPTS`` times.
    """
    spool = Spool(Path(tempfile.mkdtemp(prefix=".ray-", dir=job.parts)))
    try:
        number = spool.fill(blocks)
        if number == 0:
            return
        ray = _import_ray(address)
        with _connected(ray, address, actors), _errors_named(ray):
            for row in _dataset(ray, job, spool, number, actors).iter_rows():
                result = pickle.loads(row[RESULT])
                if isinstance(result, UserError):
                    raise result
                yield result
    finally:
        shutil.rmtree(spool.directory, ignore_errors=True)


class Spool:
    """Blocks in a file, each found by its number: constant memory, however many there are.

    Args:
        directory: Where it is; empty until it is filled.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        # Tells this directory from one of the same name on a node's own disk.
        self.token = uuid.uuid4().hex

    def fill(self, blocks: Iterable[Block]) -> int:
        """Writes blocks and returns how many there are."""
        number = 0
        with self._blocks.open("wb") as file, self._offsets.open("wb") as offsets:
            for block in blocks:
                offsets.write(np.int64(file.tell()).tobytes())
                pickle.dump(block, file)
                number += 1
        (self.directory / self.token).touch()
        return number

    def get(self, index: int) -> Block:
        """The block of an index, from 0."""
        with self._offsets.open("rb") as offsets:
            offsets.seek(8 * index)
            offset = int(np.frombuffer(offsets.read(8), np.int64)[0])
        with self._blocks.open("rb") as file:
            file.seek(offset)
            return pickle.load(file)

    def is_seen(self) -> bool:
        """Whether the directory, and not another of its name, is there."""
        return (self.directory / self.token).is_file()

    def begin(self, index: int) -> int:
        """Notes that a block is begun and says for the how manieth time."""
        with self._attempts(index).open("ab") as file:
            file.write(b".")
            return file.tell()

    def end(self, index: int) -> None:
        """Notes that a block is done."""
        self._attempts(index).unlink(missing_ok=True)

    @property
    def _blocks(self) -> Path:
        return self.directory / "blocks"

    @property
    def _offsets(self) -> Path:
        return self.directory / "offsets"

    def _attempts(self, index: int) -> Path:
        return self.directory / f"begun-{index}"


class Actor:
    """A Ray actor: one pipeline, loaded once, that does block after block.

    What the user can mend is given back as a result, since Ray wraps what is raised into texts of
    its own.

    Args:
        job: What is done with each block.
        spool: The blocks.
        home: The driver's working directory, from which relative paths are meant.
    """

    def __init__(self, job: Job, spool: Spool, home: Path) -> None:
        self.spool = spool
        self.error: UserError | None = None
        try:
            _check_storage(job, spool, home)
            self.worker = Worker(job)
        except UserError as error:
            self.error = error

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, list[bytes]]:
        """Does the blocks of a batch of indices."""
        return {RESULT: [pickle.dumps(self._do(int(index))) for index in batch["id"]]}

    def _do(self, index: int) -> PartResult | UserError:
        if self.error is not None:
            return self.error
        block = self.spool.get(index)
        if self.spool.begin(index) > ATTEMPTS:
            return UserError(
                f"Block {block.number} took its worker down {ATTEMPTS} times",
                todo="Most often it is memory: with more of it, or fewer workers, the same command "
                "goes on; smaller blocks (--block) need --restart.",
            )
        try:
            result = self.worker.do(block)
        except UserError as error:
            return error
        except OSError as error:
            return UserError(f"{socket.gethostname()}: {error.strerror}", where=error.filename)
        self.spool.end(index)
        return result


def blocks_per_task(blocks: int, actors: int) -> int:
    """How many blocks an actor is given at once: 1 for few blocks, TASK_BLOCKS for very many."""
    return max(1, min(TASK_BLOCKS, blocks // (actors * ACTOR_TASKS)))


def _check_storage(job: Job, spool: Spool, home: Path) -> None:
    """Refuses a node that does not see what the driver sees."""
    with contextlib.suppress(OSError):
        os.chdir(home)
    unseen = [
        path
        for path, seen in (
            (home, Path.cwd() == home),
            (spool.directory.parent, spool.is_seen()),
            (Path(job.model), Path(job.model).exists()),
        )
        if not seen
    ]
    if unseen:
        raise UserError(
            f"The node {socket.gethostname()} does not see the same directory as the driver",
            where=str(unseen[0]),
            todo="Put project, model, input and output on storage that all nodes mount under the "
            "same path (docs/scale.md).",
        )


def _import_ray(address: str | None) -> Any:
    if address is not None and address.startswith("ray://"):
        raise UserError(
            "Ray Client addresses (ray://) are not supported: the driver reads the input and "
            "joins the output itself",
            where=address,
            todo="Start the command on a node of the cluster with --address auto, or with "
            "`ray job submit` (docs/scale.md).",
        )
    os.environ.update(QUIET if address else {**QUIET, **LOOPBACK})
    try:
        import ray
        import ray.data
    except ImportError:
        raise UserError(
            "Ray is not installed", todo=f"python -m pip install -r {REQUIREMENTS}"
        ) from None
    return ray


@contextlib.contextmanager
def _connected(ray: Any, address: str | None, actors: int | None) -> Iterator[None]:
    """Connects to a cluster, or starts one of this machine; leaves or ends it after the block."""
    package = Path(__file__).parents[2]
    alone = {
        # One more than the actors: the tasks that hand out the numbers need a place too.
        "num_cpus": (actors or os.cpu_count() or 1) + 1,
        "object_store_memory": OBJECT_STORE_BYTES,
        "include_dashboard": False,
    }
    # Ray prints what goes wrong on its nodes to the standard output, where results may go.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            ray.init(
                address=address or "local",
                runtime_env={"py_modules": [str(package)], "excludes": ["__pycache__"]},
                logging_level=logging.ERROR,
                log_to_driver=False,
                **({} if address else alone),
            )
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise UserError(
                "The Ray cluster cannot be used",
                where=address,
                todo=f"Ray says: {error}. Is it running, and if it asks for a token, is "
                "RAY_AUTH_MODE=token set here too?",
            ) from error
        try:
            yield
        finally:
            ray.shutdown()


@contextlib.contextmanager
def _errors_named(ray: Any) -> Iterator[None]:
    """Says what is lost and what is not when Ray itself gives up; bugs of ours stay tracebacks."""
    try:
        yield
    except ray.exceptions.RayTaskError:
        raise
    except ray.exceptions.RayError as error:
        raise UserError(
            f"Ray gave up: {str(error).strip().splitlines()[0]}",
            todo="What is done is kept: start the same command again.",
        ) from error


def _dataset(ray: Any, job: Job, spool: Spool, number: int, actors: int | None) -> Dataset:
    """The results as a dataset that has not begun: numbers, handed out in tasks to actors."""
    from ray.data import ActorPoolStrategy, DataContext

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    on_gpu = job.gpu_id >= 0
    most = actors or int(ray.cluster_resources().get("GPU" if on_gpu else "CPU", 1))
    # Ray shows an actor no GPU but its own, as number 0.
    job = replace(job, gpu_id=0) if on_gpu else job
    return (
        ray.data.range(number)
        .repartition(target_num_rows_per_block=blocks_per_task(number, most))
        .map_batches(
            Actor,
            fn_constructor_args=(job, spool, Path.cwd()),
            compute=ActorPoolStrategy(min_size=1, max_size=min(most, number)),
            num_cpus=None if on_gpu else 1,
            num_gpus=1 if on_gpu else None,
        )
    )

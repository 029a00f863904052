"""Which device training and prediction will use, and why."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import UserError

CUPY_LINE = "python -m pip install -r requirements-gpu.txt"


@dataclass(frozen=True)
class Device:
    """A device as spaCy numbers them.

    Attributes:
        gpu_id: Number of the GPU; -1 is the CPU.
        reason: One sentence on why it was chosen.
        warning: What the user should mend, if something keeps a GPU from being used.
    """

    gpu_id: int
    reason: str
    warning: str | None = None

    @property
    def name(self) -> str:
        """What it is called: ``CPU`` or ``GPU 0``."""
        return "CPU" if self.gpu_id < 0 else f"GPU {self.gpu_id}"

    def __str__(self) -> str:
        return f"{self.name} ({self.reason})"


def find_device(gpu_id: str | int) -> Device:
    """Finds the device that a ``--gpu-id`` value means on this machine.

    spaCy needs both a CUDA build of PyTorch (for the encoder) and CuPy (for its own layers);
    ``thinc.util.require_gpu`` refuses a GPU without CuPy.

    Args:
        gpu_id: ``auto`` (GPU 0 where one can be used, else the CPU), ``-1`` (the CPU) or a number.

    Raises:
        UserError: ``gpu_id`` is none of these, or names a GPU that cannot be used.
    """
    if str(gpu_id) == "auto":
        return _find_automatically()
    try:
        number = int(gpu_id)
    except ValueError:
        number = -2
    if number < -1:
        raise UserError(
            f"{gpu_id!r} is not a GPU id", todo="Use auto, -1 (the CPU) or the number of a GPU."
        )
    if number == -1:
        return Device(-1, "the CPU was asked for (gpu_id -1)")
    _require_gpu(number)
    return Device(number, f"GPU {number} was asked for")


def gpu_available(gpu_id: str | int) -> bool:
    """Says whether a ``--gpu-id`` value means a GPU on this machine; errors as ``find_device``."""
    return find_device(gpu_id).gpu_id >= 0


def _find_automatically() -> Device:
    if not _count_cuda_devices():
        return Device(-1, "PyTorch sees no CUDA GPU")
    if not _has_cupy():
        reason = "PyTorch sees a GPU, but CuPy, which spaCy needs for it, does not work"
        return Device(-1, reason, warning=f"The GPU stays unused. Install CuPy: {CUPY_LINE}")
    return Device(0, "PyTorch sees a CUDA GPU and CuPy works")


def _require_gpu(number: int) -> None:
    count = _count_cuda_devices()
    if number >= count:
        raise UserError(
            f"GPU {number} was asked for, but PyTorch sees {count} CUDA device(s)",
            todo="Check the driver and the PyTorch build (requirements-gpu.txt), or use -1.",
        )
    if not _has_cupy():
        raise UserError(
            f"GPU {number} was asked for, but CuPy, which spaCy needs for it, does not work",
            todo=f"Install it: {CUPY_LINE}; or use -1 (the CPU).",
        )


# The imports stand in functions because torch takes seconds that other commands need not wait.
def _count_cuda_devices() -> int:
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def _has_cupy() -> bool:
    from thinc.compat import has_cupy_gpu

    return has_cupy_gpu

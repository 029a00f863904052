"""Answer requests over HTTP with a trained pipeline."""

from __future__ import annotations

import os
from pathlib import Path

import typer
from wasabi import msg

from .common.console import run
from .common.devices import find_device
from .common.errors import UserError
from .inference.marking import Marker

KEY = "SERVE_API_KEY"


def main(
    model: Path = typer.Argument(Path("training/model-best"), help="Trained pipeline"),
    host: str = typer.Option("127.0.0.1", help="Address to listen on; 0.0.0.0 is every one"),
    port: int = typer.Option(8000, min=1, max=65535, help="Port to listen on"),
    gpu_id: str = typer.Option("auto", "--gpu-id", "-g", help="auto, -1 for the CPU, or a number"),
    confidence: bool = typer.Option(
        True, "--confidence/--no-confidence", help="Say how sure each entity is"
    ),
    threshold: float = typer.Option(
        0.0, min=0.0, max=1.0, help="Least confidence of an entity; above 0, --confidence is on"
    ),
    calibration: Path | None = typer.Option(
        None, help="What calibrate wrote for the model; found by itself where predict finds it"
    ),
    batch_texts: int = typer.Option(32, min=1, help="Texts that the model is given at once"),
    allow_open: bool = typer.Option(
        False, "--allow-open", help="Listen to other machines without a key"
    ),
) -> None:
    """Answer requests over HTTP: POST /ner, and a page to try it at /.

    A key in the environment variable SERVE_API_KEY must be sent by clients. Without one only this
    machine is answered, unless --allow-open. Stops on SIGTERM or Ctrl+C, after what is in hand.
    docs/serve.md describes the interface.
    """
    try:
        from .service.app import Service
        from .service.envelope import Access
        from .service.limits import Limits
        from .service.server import is_loopback, serve
    except ImportError as error:
        raise UserError(
            f"The service needs a package that is not installed: {error.name}",
            todo="Install it: python -m pip install -r requirements-serve.txt",
        ) from None
    key = os.environ.get(KEY, "").strip() or None
    local = is_loopback(host)
    if key is None and not local and not allow_open:
        raise UserError(
            f"Anyone who reaches {host} could use the service",
            todo=f"Set {KEY} to a key that clients send, or say --allow-open.",
        )
    device = find_device(gpu_id)
    limits = Limits(batch_texts=batch_texts)

    def load() -> Marker:
        return Marker.load(
            model, gpu_id=device.gpu_id, confidence=confidence, threshold=threshold,
            calibration=calibration,
        )  # fmt: skip

    shown = f"[{host}]" if ":" in host else host
    msg.info(f"{model} on {device}; the page: http://{shown}:{port}/ (Ctrl+C stops)")
    serve(Service(load, limits, Access(key, local=local and key is None)), host, port)


if __name__ == "__main__":
    run(main)

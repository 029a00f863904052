"""Fixtures for all tests: small Bangla files, the blank pipeline, the shared data if present."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import scripts  # noqa: F401

# scripts leaves no bytecode beside its files, since weasel would take them for changes; here it
# goes elsewhere, so that the tests need not be compiled anew each time.
sys.pycache_prefix = str(Path(__file__).resolve().parents[1] / ".pytest_cache" / "pycache")
sys.dont_write_bytecode = False

# One thread: the models here are tiny, and threads that wait for each other cost more.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

# transformers imports scikit-learn where it finds it, with SciPy and pandas: seconds for every
# worker. Of the requirements only seqeval needs it, and its tests ask for it.
sys.modules.setdefault("sklearn", None)  # type: ignore[arg-type]

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips GPU tests where PyTorch sees no GPU."""
    if not any("gpu" in item.keywords for item in items):
        return
    import torch

    if not torch.cuda.is_available():
        for item in items:
            if "gpu" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="PyTorch sees no CUDA GPU"))


@pytest.fixture(scope="session")
def nlp():
    """The blank Bangla pipeline with the project's tokenizer."""
    from scripts.corpora.tokenizer import build_tokenizer

    return build_tokenizer("bn")


@pytest.fixture
def write_jsonl(tmp_path: Path) -> Callable[..., Path]:
    """Writes records to a JSONL file in the test's own folder and returns its path."""

    def write(name: str, records: list[dict[str, Any]]) -> Path:
        path = tmp_path / name
        lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        path.write_text("".join(lines), encoding="utf8")
        return path

    return write


@pytest.fixture(scope="session")
def banglaner() -> Path:
    """The folder of the real BanglaNER corpus, where it is at hand."""
    path = SHARED / "data" / "span_jsonl" / "banglaner_saiful9379"
    if not path.is_dir():
        pytest.skip("the real BanglaNER corpus is not beside the project")
    return path

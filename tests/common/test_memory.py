from __future__ import annotations

import sys

import psutil
import pytest

from scripts.common.memory import _malloc_trim, give_back_memory


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc can do it")
def test_memory_gives_back_what_lies_between_living_pieces():
    if _malloc_trim() is None:
        pytest.skip("the C library has no malloc_trim")
    process = psutil.Process()
    # Pieces below 128 KiB come from the heap, and every hundredth one stays.
    pieces = [bytearray(100_000) for _ in range(1000)]
    living = pieces[::100]
    del pieces
    before = process.memory_info().rss
    assert give_back_memory()
    assert process.memory_info().rss < before - 50_000_000
    assert len(living) == 10

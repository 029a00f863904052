from __future__ import annotations

import pytest

from scripts.common import devices
from scripts.common.errors import UserError
from scripts.encoders.registry import ALIASES, REGISTRY, find_entry
from scripts.encoders.resolve import read_config_encoder, resolve_encoder

BANGLABERT = "csebuetnlp/banglabert"


@pytest.mark.parametrize(
    ("encoder", "has_transformer", "gpu", "expected"),
    [
        ("auto", False, False, "none"),
        ("auto", False, True, "none"),
        ("auto", True, False, "sample"),
        ("auto", True, True, BANGLABERT),
        ("sample", True, True, "sample"),
        ("none", True, True, "none"),
        ("google/muril-base-cased", False, False, "google/muril-base-cased"),
    ],
)
def test_resolve_encoder_chooses(encoder, has_transformer, gpu, expected):
    source, reason = resolve_encoder(encoder, has_transformer, gpu, BANGLABERT)
    assert source == expected
    assert reason


def test_resolve_encoder_needs_a_name_in_the_config_on_a_gpu():
    with pytest.raises(UserError, match="no model name"):
        resolve_encoder("auto", True, True, "")


TRANSFORMER = (
    '[components]\n[components.trf]\nfactory = "transformer"\n[components.trf.model]\nname = '
)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ('[components]\n[components.ner]\nfactory = "ner"\n', (False, "")),
        (TRANSFORMER + '"a/b"\n', (True, "a/b")),
        ('[paths]\nencoder = "c/d"\n' + TRANSFORMER + "${paths.encoder}\n", (True, "c/d")),
    ],
)
def test_read_config_encoder_finds_the_transformer(tmp_path, config, expected):
    path = tmp_path / "ner.cfg"
    path.write_text(config, encoding="utf8")
    assert read_config_encoder(path) == expected


def test_read_config_encoder_refuses_what_is_no_config(tmp_path):
    with pytest.raises(UserError, match="Cannot read the config"):
        read_config_encoder(tmp_path / "missing.cfg")


@pytest.mark.parametrize(
    ("cuda", "cupy", "gpu_id", "expected"),
    [(1, True, "auto", 0), (0, True, "auto", -1), (1, False, "auto", -1), (1, True, "-1", -1)]
    + [(2, True, "1", 1), (2, True, 1, 1)],
)
def test_find_device_means(monkeypatch, cuda, cupy, gpu_id, expected):
    monkeypatch.setattr(devices, "_count_cuda_devices", lambda: cuda)
    monkeypatch.setattr(devices, "_has_cupy", lambda: cupy)
    device = devices.find_device(gpu_id)
    assert device.gpu_id == expected
    assert devices.gpu_available(gpu_id) == (expected >= 0)
    # Only a GPU that stays unused for want of CuPy is worth a warning.
    assert (device.warning is not None) == (cuda and not cupy)


@pytest.mark.parametrize(
    ("cuda", "cupy", "gpu_id", "message"),
    [(0, True, "0", "sees 0"), (1, True, "1", "sees 1"), (1, False, "0", "CuPy")]
    + [(1, True, "gpu", "not a GPU id"), (1, True, "-2", "not a GPU id")],
)
def test_find_device_refuses(monkeypatch, cuda, cupy, gpu_id, message):
    monkeypatch.setattr(devices, "_count_cuda_devices", lambda: cuda)
    monkeypatch.setattr(devices, "_has_cupy", lambda: cupy)
    with pytest.raises(UserError, match=message):
        devices.find_device(gpu_id)


def test_registry_finds_by_name_and_alias():
    assert find_entry("banglabert") is find_entry(BANGLABERT) is REGISTRY[BANGLABERT]
    assert find_entry("nobody/nothing") is None


def test_registry_marks_every_banglabert_non_commercial_and_normalised():
    entries = [entry for name, entry in REGISTRY.items() if name.startswith("csebuetnlp/")]
    assert len(entries) == 3
    assert all("non-commercial" in entry.licence for entry in entries)
    assert all(entry.normaliser == "csebuetnlp" for entry in entries)


def test_registry_is_consistent():
    assert len(ALIASES) == len(REGISTRY)
    for entry in REGISTRY.values():
        assert entry.revision is None or len(entry.revision) == 40
        assert entry.max_length == 512

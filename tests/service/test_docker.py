"""What can be told of the container files without building them."""

from __future__ import annotations

import json
import re
import shlex
from fnmatch import fnmatch

import pytest
import yaml

from .conftest import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf8").replace("\\\n", " ")
LINES = [line for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]


def test_docker_copies_only_what_exists_and_is_not_ignored():
    kept = (ROOT / ".dockerignore").read_text(encoding="utf8").splitlines()
    allowed = [line[1:] for line in kept if line.startswith("!")]
    copies = [shlex.split(line)[1:-1] for line in LINES if re.match(r"COPY (?!--from)", line)]
    sources = {source for copy in copies for source in copy}
    assert sources == set(allowed)
    assert all((ROOT / source).exists() for source in sources)


# An id that is "gpu" alone would be taken for the marker of tests that need a GPU.
@pytest.mark.parametrize("target", ["cpu", "gpu"], ids=["cpu-image", "gpu-image"])
def test_docker_target_runs_the_service_as_nobody_with_a_health_check(target):
    start = next(i for i, line in enumerate(LINES) if fnmatch(line, f"FROM * AS {target}"))
    stage = LINES[start:]
    ends = [i for i, line in enumerate(stage) if i and line.startswith("FROM ")]
    stage = stage[: ends[0]] if ends else stage
    known = {line.split()[0]: line.split(maxsplit=1)[1] for line in stage}
    assert known["USER"] == "10001"
    assert json.loads(known["ENTRYPOINT"])[:3] == ["python", "-m", "scripts.serve"]
    check = json.loads(known["HEALTHCHECK"].split("CMD ")[1])
    compile(check[2], "check", "exec")
    assert "/ready" in check[2]


def test_docker_compose_limits_and_mounts_read_only():
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf8"))["services"]
    assert {name: service["profiles"] for name, service in services.items()} == {
        "cpu": ["cpu"],
        "gpu": ["gpu"],
    }
    for name, service in services.items():
        assert service["build"]["target"] == name
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert service["volumes"][0].endswith(":/model:ro")
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
        assert service["ports"] == ["127.0.0.1:8000:8000"]

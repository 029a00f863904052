"""What can be told of the container files without building them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import threading
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, HTTPServer

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
    assert _asked_by(check) == ["/health"]


def _asked_by(check):
    """The paths that a health check asks for, with a proxy that does not exist."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *given):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = str(server.server_port)
        command = [sys.executable, "-S", *(part.replace("8000", port) for part in check[1:])]
        environment = {**os.environ, "http_proxy": "http://127.0.0.1:9", "no_proxy": ""}
        subprocess.run(command, env=environment, check=True, timeout=60)
        server.shutdown()
    return asked


def test_docker_gpu_image_takes_one_cupy_for_the_cuda_of_its_base():
    (base,) = (line for line in LINES if line.endswith(" AS gpu-packages"))
    assert ":13." in base
    given = (ROOT / "requirements-gpu.txt").read_text(encoding="utf8")
    assert re.findall("^cupy.*", given, re.M) == ["cupy-cuda13x[ctk]>=13.6,<15"]


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
        cpus = service["deploy"]["resources"]["limits"]["cpus"]
        environment = dict(service["environment"])
        assert environment.pop("SERVE_API_KEY").startswith("${SERVE_API_KEY:?")
        assert environment == {"OMP_NUM_THREADS": cpus, "OPENBLAS_NUM_THREADS": cpus}

# The service in a container: docker build --target cpu (or gpu) -t ner-serve . ; see docs/serve.md.

# PyTorch without CUDA: the one from the package index brings gigabytes of it.
FROM python:3.11-slim AS cpu-packages
COPY requirements.txt requirements-serve.txt /build/
RUN python -m venv /venv \
    && /venv/bin/python -m pip install --no-cache-dir \
       --extra-index-url https://download.pytorch.org/whl/cpu -r /build/requirements-serve.txt

# PyTorch from the package index computes with CUDA 13: the driver must be 580 or later. This image
# has not been built yet.
FROM nvidia/cuda:13.0.1-runtime-ubuntu24.04 AS gpu-packages
RUN apt-get update \
    && apt-get install --no-install-recommends -y python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY requirements.txt requirements-serve.txt requirements-gpu.txt /build/
RUN python3 -m venv /venv \
    && /venv/bin/python -m pip install --no-cache-dir \
       -r /build/requirements-serve.txt -r /build/requirements-gpu.txt

FROM python:3.11-slim AS cpu
COPY --from=cpu-packages /venv /venv
WORKDIR /app
COPY scripts scripts
# Nobody can write what the process runs or loads. CuPy and others cache in HOME: a tmpfs there lets
# the root be read-only. The health check asks whether the process works, not whether it is busy,
# and asks it directly, whatever proxy the environment names.
RUN useradd --uid 10001 --home-dir /tmp --shell /usr/sbin/nologin ner
USER 10001
ENV PATH=/venv/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:8000/health', timeout=4)"]
# The model is mounted at /model; or copy it in: see docs/serve.md.
ENTRYPOINT ["python", "-m", "scripts.serve", "/model", "--host", "0.0.0.0", "--port", "8000"]
CMD ["--gpu-id", "-1"]

FROM gpu-packages AS gpu
WORKDIR /app
COPY scripts scripts
RUN useradd --uid 10001 --home-dir /tmp --shell /usr/sbin/nologin ner
USER 10001
ENV PATH=/venv/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:8000/health', timeout=4)"]
ENTRYPOINT ["python", "-m", "scripts.serve", "/model", "--host", "0.0.0.0", "--port", "8000"]
CMD ["--gpu-id", "0"]

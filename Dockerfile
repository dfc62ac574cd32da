# The service: `docker build -t offramp .`, then see compose.yaml.
FROM python:3.11-slim

# LightGBM's trees need the OpenMP runtime, which slim images leave out.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 offramp

WORKDIR /build
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY journeys journeys
COPY features features
COPY models models
COPY rootcause rootcause
COPY training training
COPY serving serving
COPY offramp offramp
RUN pip install --no-cache-dir --constraint constraints.txt .

# Compiled kernels and a local database are written here, and nowhere else.
USER offramp
WORKDIR /home/offramp
# A named volume mounted on an existing folder takes over its owner.
RUN mkdir store
ENV NUMBA_CACHE_DIR=/home/offramp/.numba MPLCONFIGDIR=/home/offramp/.matplotlib PYTHONUNBUFFERED=1

# Inside a container every caller is remote; compose.yaml publishes the port on loopback alone.
ENV OFFRAMP_ALLOW_REMOTE=1
EXPOSE 8000
# The first start compiles the kernel: it may take a minute to be well.
HEALTHCHECK --start-period=60s --interval=10s --timeout=3s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]

ENTRYPOINT ["offramp"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000", "--model", "models:/offramp-mortgage_refinance@champion"]

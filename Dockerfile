# Two images: the service (`docker build -t offramp .`), without what only training needs, and the
# MLflow server of compose.yaml (`docker build --target mlflow .`).

FROM python:3.11-slim AS built
RUN python -m venv /opt/offramp
ENV PATH=/opt/offramp/bin:$PATH
WORKDIR /build
# What a process that serves imports, and the client of the registry: no SHAP, no plots, no tuning,
# no MLflow server. A test holds this list against the imports of the code.
COPY constraints.txt ./
RUN pip install --no-cache-dir --constraint constraints.txt \
    alembic fastapi fastapi-offline httptools jinja2 lightgbm mlflow-skinny msgspec numba numpy pandas \
    prometheus-client "psycopg[binary]" pyarrow pydantic PyYAML rich scikit-learn scipy sqlalchemy \
    threadpoolctl typer uvicorn uvloop
COPY pyproject.toml README.md LICENSE ./
COPY journeys journeys
COPY features features
COPY models models
COPY rootcause rootcause
COPY training training
COPY serving serving
COPY offramp offramp
RUN pip install --no-cache-dir --no-deps .

FROM python:3.11-slim AS mlflow
COPY constraints.txt ./
RUN pip install --no-cache-dir --constraint constraints.txt mlflow \
    && useradd --create-home --uid 10001 mlflow
USER mlflow
WORKDIR /home/mlflow
# A named volume mounted on an existing folder takes over its owner.
RUN mkdir store
EXPOSE 5000
HEALTHCHECK --start-period=60s --interval=10s --timeout=3s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:5000/health', timeout=2)"]
ENTRYPOINT ["mlflow"]
CMD ["server", "--host", "0.0.0.0", "--port", "5000", \
     "--allowed-hosts", "mlflow:5000,localhost:5000,127.0.0.1:5000", \
     "--backend-store-uri", "sqlite:////home/mlflow/store/mlflow.db", \
     "--artifacts-destination", "/home/mlflow/store/artifacts"]

FROM python:3.11-slim AS service
# LightGBM's trees need the OpenMP runtime, which slim images leave out.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 offramp
COPY --from=built /opt/offramp /opt/offramp
# Compiled kernels, models kept for when the registry is away, and keys are written here alone.
USER offramp
WORKDIR /home/offramp
RUN mkdir .cache keys
ENV PATH=/opt/offramp/bin:$PATH NUMBA_CACHE_DIR=/home/offramp/.cache/numba \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONSAFEPATH=1
EXPOSE 8000
# The first start compiles the kernel: it may take a minute to be well.
HEALTHCHECK --start-period=60s --interval=10s --timeout=3s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["offramp"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000", "--keys", "keys/keys.json", \
     "--model", "models:/offramp-mortgage_refinance@champion"]

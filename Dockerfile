# Rekindle for clusters. It has not been built by the tests: they run where there is no Docker.
#
#     docker build -t rekindle .
#     docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/data" rekindle sweep nine_strategies
#     apptainer build rekindle.sif docker-daemon:rekindle:latest
FROM python:3.12-slim AS wheel
COPY . /sources
RUN pip wheel --no-deps --wheel-dir /wheels /sources

FROM python:3.12-slim
# Numba's threads need the library of OpenMP.
RUN apt-get update && apt-get install --yes --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
COPY --from=wheel /wheels /sources/constraints.txt /wheels/
RUN pip install --no-cache-dir --constraint /wheels/constraints.txt "$(echo /wheels/*.whl)[cluster,logs]"
ENV XDG_CACHE_HOME=/cache
RUN useradd --create-home rekindle && mkdir /cache /data && chown rekindle /cache /data
USER rekindle
# Compiles the model, which machines with this kind of processor then need not do. Any user of the container may add to it.
RUN rekindle doctor && chmod -R a+rwX /cache
WORKDIR /data
ENTRYPOINT ["rekindle"]

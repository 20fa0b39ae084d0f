# One image for every server process; the command says which. `--target fleet` adds the demo's town and its tools.
FROM python:3.13-slim-trixie AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PATH=/opt/driveops/venv/bin:$PATH
RUN python -m venv /opt/driveops/venv && useradd --system --uid 10001 --home-dir /var/lib/driveops --create-home driveops
WORKDIR /opt/driveops

FROM base AS server
COPY requirements/server.lock requirements/
RUN pip install --require-hashes -r requirements/server.lock
COPY domain domain
COPY db db
COPY ingest ingest
COPY stack stack
USER driveops
ENTRYPOINT ["python", "-m"]
CMD ["ingest", "run"]

FROM node:24-trixie-slim AS vendor
WORKDIR /vendor
COPY dashboard/vendor/package.json dashboard/vendor/package-lock.json ./
RUN npm ci --ignore-scripts --omit=dev --no-audit --no-fund && mkdir /web && cd node_modules \
    && cp maplibre-gl/dist/maplibre-gl.mjs maplibre-gl/dist/maplibre-gl-worker.mjs maplibre-gl/dist/maplibre-gl.css \
    pmtiles/dist/pmtiles.js /web/ && cp maplibre-gl/LICENSE.txt /web/maplibre-gl-LICENSE.txt

FROM server AS web
USER root
COPY api api
COPY dashboard dashboard
COPY --from=vendor /web /opt/driveops/venv/share/driveops-web
USER driveops
CMD ["dashboard", "run"]

FROM base AS fleet
COPY requirements requirements
RUN pip install --require-hashes -r requirements/dev.lock
COPY domain domain
COPY db db
COPY gateway gateway
COPY stack stack
ENV STACK_CACHE_DIR=/opt/driveops/cache STACK_STATE_DIR=/var/lib/driveops/state
# Only the town: the servers of this composition are containers of their own.
RUN python -m stack fetch --town-only && chown -R driveops /opt/driveops/cache
USER driveops
ENTRYPOINT ["python", "-m"]
CMD ["stack", "fleet"]

FROM base AS gateway
COPY requirements/gateway.lock requirements/
RUN pip install --require-hashes -r requirements/gateway.lock
COPY pyproject.toml README.md LICENSE ./
COPY domain domain
COPY gateway gateway
# As a distribution, so that a status tells its version.
RUN pip install --no-deps .
USER driveops
ENTRYPOINT ["python", "-m"]
CMD ["gateway", "run"]

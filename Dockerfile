# Amparo as an image that runs as nobody and needs a PostGIS elsewhere:
#
#   podman build -t amparo .
#   podman run -p 127.0.0.1:8000:8000 -v amparo:/var/lib/amparo \
#       -e AMPARO_DATABASE_URL=postgresql+asyncpg://OWNER:PASSWORD@DATABASE/amparo amparo
#
# There is no PostgreSQL inside: a database belongs in its own container or server. Beyond
# loopback Amparo refuses to serve its demo rows; to try it out, allow them with
# -e AMPARO_ALLOW_DEMO_PUBLIC=true, or remove them: podman run … amparo demo remove
#
# Behind a proxy that inspects TLS: podman build --secret id=ca,src=CA-BUNDLE.pem …

FROM debian:trixie-slim AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/amparo
COPY requirements.lock requirements-uv.lock ./
RUN --mount=type=secret,id=ca,required=false \
    if [ -s /run/secrets/ca ]; then \
        export PIP_CERT=/run/secrets/ca SSL_CERT_FILE=/run/secrets/ca; \
    fi; \
    python3 -m venv /tmp/uv \
    && /tmp/uv/bin/pip install --require-hashes --only-binary :all: -r requirements-uv.lock \
    && python3 -m venv --without-pip .venv \
    && /tmp/uv/bin/uv pip install --python .venv/bin/python --no-cache --compile-bytecode \
        --require-hashes --only-binary :all: -r requirements.lock \
    && echo /srv/amparo > "$(.venv/bin/python -c \
        'import sysconfig; print(sysconfig.get_path("purelib"))')/amparo.pth"

FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o 65534 -g 65534 /var/lib/amparo
COPY --from=build /srv/amparo/.venv /srv/amparo/.venv
COPY . /srv/amparo
RUN python3 -m compileall -q /srv/amparo/app /srv/amparo/geo /srv/amparo/routing \
        /srv/amparo/tiles
# The searches' kernels are compiled once and kept beside the data: the code's own folder is not
# writable here.
ENV AMPARO_HOST=0.0.0.0 AMPARO_HOME=/var/lib/amparo PYTHONUNBUFFERED=1 \
    NUMBA_CACHE_DIR=/var/lib/amparo/kernels
WORKDIR /var/lib/amparo
VOLUME /var/lib/amparo
USER 65534:65534
EXPOSE 8000
HEALTHCHECK --start-period=120s CMD ["/srv/amparo/.venv/bin/python", "-c", \
    "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ.get('AMPARO_PORT', '8000') + '/health', timeout=5)"]
ENTRYPOINT ["/srv/amparo/.venv/bin/python", "-P", "-c", \
    "from app.cli import app; app(prog_name='amparo')"]
CMD ["serve"]

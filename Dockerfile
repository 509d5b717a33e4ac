# The image of gitblog; docs/deploy/container.md says how it is built and run.
FROM docker.io/library/python:3.13-slim-bookworm AS base

# What changes seldom comes first: a change of the code installs nothing again.
FROM base AS requirements
WORKDIR /opt/gitblog
COPY requirements.txt .
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv --without-pip . \
    && python -m pip --python bin/python install --disable-pip-version-check --require-hashes -r requirements.txt \
    && echo /app > lib/python3.13/site-packages/gitblog.pth \
    && printf '#!/opt/gitblog/bin/python\nimport sys\n\nfrom gitblog.cli import main\n\nsys.exit(main())\n' > bin/gitblog \
    && chmod +x bin/gitblog

FROM base
# git and ssh fetch the content; ps shows what runs; tini, as process 1, buries what a killed process leaves behind.
# No versions: Debian removes a package from its mirror once a security fix replaces it, and every build would fail.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends git openssh-client procps tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-log-init --no-create-home --home-dir /tmp --shell /bin/bash gitblog \
    && install -d -o gitblog -g gitblog /data
COPY --from=requirements /opt/gitblog /opt/gitblog
ENV PATH=/opt/gitblog/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    FLASK_APP=gitblog \
    HOST=0.0.0.0 \
    DATA_DIR=/data
WORKDIR /app
COPY content content
COPY gitblog gitblog
# The root file system may be read-only: Python could not keep what it compiles at the first start.
RUN python -m compileall -q gitblog && python -c "import gitblog.cli, gunicorn.app.wsgiapp"
USER 10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", \
    "import http.client as h, os, sys; c = h.HTTPConnection('127.0.0.1', os.environ.get('PORT') or 8000, timeout=4); \
    c.request('GET', '/-/healthz'); sys.exit(c.getresponse().status != 200)"]
# No ENTRYPOINT: `docker run IMAGE gitblog status` and `docker run -it IMAGE flask shell` run just that.
# /dev/shm: gunicorn's signs of life would wait for a slow disk.
CMD ["tini", "--", "gunicorn", "--worker-tmp-dir", "/dev/shm", "-c", "python:gitblog.server", "gitblog:create_app()"]

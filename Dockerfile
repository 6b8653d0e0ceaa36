# One image for every process of Calloff; compose.yaml says which command each runs. Built in two steps, so that
# neither compilers, the package manager's cache nor the node modules of the style sheet are in what runs.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /calloff/.venv
WORKDIR /calloff
COPY requirements.txt ./
RUN .venv/bin/python -m pip install --require-hashes -r requirements.txt
COPY . .
# Only the stamp that says what the style sheet was made from is kept of the node modules. Ours is compiled as the
# packages are: nothing is written where it runs.
RUN .venv/bin/python -m tools.assets \
    && find web/node_modules -mindepth 1 ! -name .built-from -delete \
    && .venv/bin/python -m compileall -q --invalidation-mode unchecked-hash api config procurement search tools web

FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/calloff/.venv/bin:$PATH \
    DJANGO_SETTINGS_MODULE=config.settings CALLOFF_DATA=/data
RUN groupadd --gid 10001 calloff \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin calloff \
    && install -d -o calloff -g calloff -m 0700 /data
COPY --from=build /calloff /calloff
WORKDIR /calloff
# Everything is written to /data or /tmp: the root file system may be read-only.
USER 10001:10001
VOLUME /data
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "-c", "config/gunicorn.py"]

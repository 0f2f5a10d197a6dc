# Serves the portal on port 8000 as a user without rights. Its database and key are in /app/instance: mount a volume
# there, or name a PostgreSQL database in PORTAL_DATABASE_URL. See docs/host.md.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1
RUN useradd --system --uid 10001 --create-home --home-dir /home/portal portal
WORKDIR /app
COPY requirements.txt ./
RUN python -m pip install --disable-pip-version-check --require-hashes -r requirements.txt
COPY . .
RUN mkdir -p instance && chown portal:portal instance && chmod 700 instance
USER portal
ENV PORT=8000 PORTAL_BIND=0.0.0.0:8000
VOLUME /app/instance
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
CMD ["python", "serve.py"]

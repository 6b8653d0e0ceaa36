"""One settings file, read from the environment; its defaults work on a laptop (see docs/operations.md)."""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF

from api.configuration import OAUTH2_PROVIDER as OAUTH2_PROVIDER
from api.configuration import REST_FRAMEWORK as REST_FRAMEWORK
from api.configuration import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS
from config.connections import (
    attempts_settings,
    broker_options,
    broker_tls,
    cache_settings,
    database_settings,
    email_settings,
)
from config.environment import (
    broker_socket,
    data_folder,
    kept_secret,
    port_number,
    public_url,
    refuse_unsafe,
    search_service,
    with_secret_files,
)
from config.logging import configure_structlog, logging_settings
from config.recording import record
from config.schedule import SCHEDULE
from config.variables import Variables
from procurement.retention import DAYS

BASE_DIR = Path(__file__).resolve().parent.parent
env = Variables()
env.ENVIRON = with_secret_files(os.environ)  # type: ignore[assignment] # only read from

# --- where, and for whom ----------------------------------------------------------------------------------

DEMO = env.switch("DEMO", default=False)
DEBUG = env.switch("DEBUG", default=False)
HOST = env.str("HOST", default="127.0.0.1")
PORT = port_number(env.str("PORT", default="8000"))
WEB_PROCESSES = env.whole("WEB_PROCESSES", default=2, least=1)
WEB_THREADS = env.whole("WEB_THREADS", default=4, least=1)
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEMO else [])
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")
SECRET_KEY = env.str("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
"""Earlier secret keys, comma-separated: what they signed and sealed is still good."""
refuse_unsafe(DEMO, HOST, {"SECRET_KEY": SECRET_KEY, "ALLOWED_HOSTS": ALLOWED_HOSTS})

CALLOFF_DATA = data_folder(Path(env.str("CALLOFF_DATA", default=str(BASE_DIR / ".data"))))
"""The one folder that everything is written to: database, index, queue, mail, logs, secret."""

OCID_PREFIX = env.str("OCID_PREFIX", default="ocds-xxdemo")
"""The publisher's registered prefix of Open Contracting identifiers; the default stands for none."""

METRICS_PORT = (
    port_number(env.str("METRICS_PORT"), "METRICS_PORT") if env.str("METRICS_PORT", default="") else None
)
"""Where config/exporter.py answers Prometheus; without it nothing is kept and nobody answers."""
METRICS_HOST = env.str("METRICS_HOST", default="127.0.0.1")
METRICS_FOLDER = CALLOFF_DATA / "metrics"
if METRICS_PORT:
    # Before any module that counts is imported.
    record(METRICS_FOLDER)

TRACES = bool(env.site("OTEL_EXPORTER_OTLP_ENDPOINT", default=""))
"""Whether spans are collected; OpenTelemetry reads the rest of its OTEL_ variables itself."""
OTEL_SERVICE_NAME = env.str("OTEL_SERVICE_NAME", default="calloff")

if not SECRET_KEY:
    SECRET_KEY = kept_secret(CALLOFF_DATA / "secret-key")

# --- what it is made of -----------------------------------------------------------------------------------

INSTALLED_APPS = [
    "procurement",
    "search",
    "api",
    "web",
    "axes",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "oauth2_provider",
    "rest_framework",
    "config.watching.Watching",
    # Imported only where spans are collected.
    *(["config.tracing.Tracing"] if TRACES else []),
]

BEHIND_PROXY = env.switch("BEHIND_PROXY", default=False)
MIDDLEWARE = [
    *(["config.tracing.TracedRequests"] if TRACES else []),
    *(["config.middleware.BehindProxy"] if BEHIND_PROXY else []),
    "api.middleware.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.RequestLog",
    "config.middleware.ContentSecurityPolicy",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "api.middleware.AnonymousSearch",
    "web.languages.PageLanguage",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "web.bodies.BoundedForms",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "web.views.errors.InPlainWords",
    "web.lost_forms.LostForms",
    "web.back.BackToAnswers",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {"environment": "web.environment.environment", "context_processors": []},
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- what is kept -----------------------------------------------------------------------------------------

DATABASES = {
    "default": database_settings(
        env.str("DATABASE_URL", default=f"sqlite:///{CALLOFF_DATA / 'calloff.sqlite3'}"),
        busy_seconds=env.whole("DATABASE_BUSY_SECONDS", default=20),
        # Of each process: web has as many threads as WEB_THREADS, a worker process one.
        pool_least=env.whole("DATABASE_POOL_MIN", default=1),
        pool_most=env.whole("DATABASE_POOL_MAX", default=8),
    )
}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHE_SECONDS = env.number("CACHE_SECONDS", default=0.5)
"""What a request waits for a cache that hangs; the next ones do not (config/resting_cache.py)."""
CACHE_URL = env.str("CACHE_URL", default="locmemcache://")
CACHES = {
    "default": cache_settings(CACHE_URL, seconds=CACHE_SECONDS),
    # Attempts to sign in, which all processes of a machine count together.
    "attempts": attempts_settings(CACHE_URL, CALLOFF_DATA / "attempts.sqlite3", seconds=CACHE_SECONDS),
}
INDEX_FOLDER = CALLOFF_DATA / "index"
SEARCH_CA_CERT = env.str("SEARCH_CA_CERT", default="")
SEARCH_URL = search_service(env.str("SEARCH_URL", default=""), SEARCH_CA_CERT)
"""Addresses of an Elasticsearch 9, comma-separated; empty: the embedded engine in INDEX_FOLDER."""
SEARCH_API_KEY = env.str("SEARCH_API_KEY", default="")
SEARCH_VERIFY = env.switch("SEARCH_VERIFY", default=True)
SEARCH_TIMEOUT = env.number("SEARCH_TIMEOUT", default=10.0)
SEARCH_COMPRESS = env.switch("SEARCH_COMPRESS", default=False)
SEARCH_PREFIX = env.index_prefix("SEARCH_PREFIX", default="calloff-")
# Off, needs are matched by words alone (search/meaning.py).
MEANING = env.switch("MEANING", default=True)
SEARCH_REPLICAS = env.whole("SEARCH_REPLICAS", default=0)
MEDIA_ROOT = CALLOFF_DATA / "media"
FILE_UPLOAD_TEMP_DIR = None
DATA_UPLOAD_MAX_MEMORY_SIZE = env.whole("REQUEST_BYTES_MAX", default=4 * 1024 * 1024)
"""Bytes of a form but for its file: what it says, however many of its letters are percent-encoded."""

EMAIL_CONFIG = email_settings(env.str("EMAIL_URL", default=""), CALLOFF_DATA / "mail")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.sender("DEFAULT_FROM_EMAIL", default="calloff@example.org")
# A mail server that hangs must not hold an e-mail longer than its claim (search/alert_mail.py).
EMAIL_TIMEOUT = env.whole("EMAIL_TIMEOUT", default=30, least=1, most=299)
PUBLIC_URL = (env.site("PUBLIC_URL", default="") or public_url(DEMO, HOST, PORT, ALLOWED_HOSTS)).rstrip("/")
"""Where people reach the pages: what links in e-mails begin with."""

# --- what leaves ------------------------------------------------------------------------------------------

DELIVERY_ATTEMPTS = env.whole("DELIVERY_ATTEMPTS", default=15, least=1)
"""So often a delivery is tried, over some three days, before it is a dead letter."""
WEBHOOK_LOOPBACK = env.switch("WEBHOOK_LOOPBACK", default=DEMO or DEBUG)
"""Whether webhooks may lead to this machine, and there without TLS: for trying them out."""
WEBHOOK_SECONDS = env.number("WEBHOOK_SECONDS", default=10.0)
"""How long an endpoint may be silent; the whole of an answer has DELIVERY_SECONDS of procurement/tasks.py."""
WEBHOOK_FAILING_DAYS = env.number("WEBHOOK_FAILING_DAYS", default=5.0)
"""An endpoint that has taken nothing for so long is disabled."""

RETENTION_DAYS = env.days("RETENTION_DAYS", DAYS)
"""Days by name that replace those of procurement/retention.py, such as `deliveries=30,removed_files=7`."""

CONFIRM_AFTER_DAYS = env.whole("CONFIRM_AFTER_DAYS", default=180, least=1)
"""A firm that has not confirmed its profile for so long is asked to, and again after as long."""

# --- static files -----------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = CALLOFF_DATA / "static"
STATIC_HASHED = env.switch("STATIC_HASHED", default=not DEBUG)
"""Whether addresses of static files carry a digest (needs `collectstatic`, which `make run` does)."""
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_HASHED
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}
# A source map is read by nobody but a developer's browser, and compressing one takes seconds.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = [
    "br",
    "gif",
    "gz",
    "ico",
    "jpg",
    "map",
    "png",
    "ttf",
    "webp",
    "woff",
    "woff2",
]
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_USE_FINDERS = not STATIC_HASHED
WHITENOISE_AUTOREFRESH = DEBUG

# --- people -----------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "procurement.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
DEMO_PASSWORD = env.str("DEMO_PASSWORD", default="call off the lot") if DEMO else None
LOGIN_URL = "web:sign-in"
# Whoever guesses a password ten times waits a quarter of an hour. Counted in the cache alone: no address of a machine
# or person is written down.
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_ENABLED = True
AXES_CACHE = "attempts"
AXES_HANDLER = "axes.handlers.cache.AxesCacheHandler"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
# Whoever tries again meanwhile waits no longer for it: the page says a quarter of an hour.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "web.locking.address_of"
AXES_LOCKOUT_CALLABLE = "web.locking.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=24).total_seconds())
INVITATION_DAYS = env.whole("INVITATION_DAYS", default=7, least=1)
"""So long somebody who is invited to act for an organisation may accept, from the last sending of the link on."""
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

# --- words and time ---------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
USE_I18N = True
LANGUAGES = [("en-gb", "English"), ("cy", "Cymraeg")]
"""Of the pages. Each but the first is offered where its catalogue is there (web/languages.py); the API is English."""
LOCALE_PATHS = [BASE_DIR / "web" / "locale"]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = int(timedelta(days=365).total_seconds())
USE_TZ = True
TIME_ZONE = "Europe/London"

# --- safety -----------------------------------------------------------------------------------------------

HTTPS = env.switch("HTTPS", default=not DEMO)
"""Whether people reach this over HTTPS; a demo on loopback does not."""
SECURE_SSL_REDIRECT = HTTPS and env.switch("HTTPS_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^api/v1/health/"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
# The browsers' preload list is the domain owner's decision, and hard to take back.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
# With BEHIND_PROXY alone X-Forwarded-Proto counts: anybody can send it, and the proxy must set or remove it.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
SESSION_ENGINE = "web.sessions"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
CSRF_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "web.views.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
}

# --- the API ----------------------------------------------------------------------------------------------

OAUTH2_PROVIDER_APPLICATION_MODEL = "procurement.Application"
API_LIMITS = {
    # Requests a minute for one principal (a person, an integration, else an address), by what is asked.
    "search": env.whole("API_LIMIT_SEARCH", default=240_000),
    "read": env.whole("API_LIMIT_READ", default=60_000),
    "write": env.whole("API_LIMIT_WRITE", default=6_000),
    "export": env.whole("API_LIMIT_EXPORT", default=600),
    "token": env.whole("API_LIMIT_TOKEN", default=600),
}
API_IMPORT_MAX_BYTES = env.whole("API_IMPORT_MAX_BYTES", default=200_000_000)

# --- the queue --------------------------------------------------------------------------------------------

BROKER_SOCKET = broker_socket(CALLOFF_DATA)
"""Where the queue's own server listens when BROKER_URL names no other."""
BROKER_URL = env.str("BROKER_URL", default=f"redis+socket://{BROKER_SOCKET}")
BROKER_IS_OURS = "BROKER_URL" not in env.ENVIRON
CELERY_BROKER_URL = BROKER_URL
BROKER_CA_CERT = env.str("BROKER_CA_CERT", default="")
CELERY_BROKER_USE_SSL = broker_tls(BROKER_URL, BROKER_CA_CERT)
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
# A dead queue must neither fail nor slow a request: one try, and the sweep finds what was not told.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 0}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_TRANSPORT_OPTIONS = broker_options(
    BROKER_URL,
    # Half a second is what a request waits for a queue that hangs; the supervisor gives the workers more.
    seconds=env.number("BROKER_SECONDS", default=0.5),
    # Seconds until a task that a killed worker held is given to another.
    visibility=env.whole("BROKER_VISIBILITY_SECONDS", default=600),
)
CELERY_TASK_DEFAULT_QUEUE = "default"
# The index worker is the only process that writes the index, and runs nothing else.
CELERY_TASK_ROUTES = {"search.tasks.index_*": {"queue": "index"}}
CELERY_BEAT_SCHEDULE = SCHEDULE
CELERY_TIMEZONE = TIME_ZONE
CELERY_ENABLE_UTC = True

# --- the log ----------------------------------------------------------------------------------------------

LOG_LEVEL = env.level("LOG_LEVEL", default="INFO")
LOGGING = logging_settings(LOG_LEVEL, readable=DEBUG)
configure_structlog(LOG_LEVEL, readable=DEBUG)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_CELERY_TASK_START_LOG_LEVEL = logging.DEBUG

"""Settings of the whole project, driven by the environment; see `docs/operate.md`."""

from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from requests_portal.environment import (
    database_from_url,
    env_bool,
    env_choice,
    env_choices,
    env_int,
    env_list,
    env_named,
    env_str,
    env_token,
    with_limits,
)
from requests_portal.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env_str("DATA_DIR", str(BASE_DIR / ".data")))
# Templates and message catalogues, which the wheel keeps within the package.
_PACKAGE = BASE_DIR / "requests_portal"
_FILES_DIR = _PACKAGE if (_PACKAGE / "templates").is_dir() else BASE_DIR

# --- The site -------------------------------------------------------------------------------
DEBUG = env_bool("DEBUG", default=False)
SECRET_KEY = env_str("SECRET_KEY")
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is not set; `make run` makes one for this machine.")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
# Links in mails are built from this and never from a Host header, which a stranger can choose.
PUBLIC_BASE_URL = env_str("PUBLIC_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
HTTPS = PUBLIC_BASE_URL.startswith("https://")
# One proxy in front, which says with which protocol and from which address it was asked.
TRUST_PROXY = env_bool("TRUST_PROXY", default=False)
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]
PROVIDER_NAME = env_str("PROVIDER_NAME", "Example AI / 示例智能")
PORTAL_TITLE = _("Your data in AI training")
PROVIDER_REGIMES = env_list("PROVIDER_REGIMES", ["CN", "EU", "UK", "US-CA"])
# Where the provider's own regime files lie; they override or add to those in workflows/regimes/.
REGIMES_DIR = env_str("REGIMES_DIR", "")
# How many days a person has to pay a fee, where the time to answer leaves as many.
FEE_PERIOD_DAYS = env_int("FEE_PERIOD_DAYS", 30, minimum=14)
# A font for the PDFs of notices, in the place of the one that comes with a package.
NOTICE_FONT_PATH = env_str("NOTICE_FONT_PATH", "")

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "requests_portal.apps.PortalConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "workflows.vault",
    "workflows.ledger",
    "workflows.outbox",
    "workflows.regimes",
    "workflows.mail",
    "workflows.accounts",
    "workflows.witnesses",
    "workflows.cases",
    "workflows.notices",
    "workflows.identity",
    "workflows.routing",
    "workflows.complaints",
    "workflows.datasets",
    "workflows.lookups",
    "workflows.model_outputs",
    "workflows.corrections",
    "workflows.oversight",
    "workflows.statistics",
    "workflows.exports",
    "workflows.retention",
    # The image leaves them out.
    *(["workflows.samples"] if find_spec("workflows.samples") else []),
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "requests_portal.presentation.middleware.CorrelationIdMiddleware",
    "requests_portal.presentation.middleware.CompressedPagesMiddleware",
    "requests_portal.database.OutageMiddleware",
    "csp.middleware.CSPMiddleware",
    "requests_portal.presentation.middleware.NoNulMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "requests_portal.presentation.staff_languages.StaffLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "requests_portal.sign_in.limits.SignInLimitsMiddleware",
    "requests_portal.sign_in.limits.SecondFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "requests_portal.presentation.middleware.PrivacyHeadersMiddleware",
    "requests_portal.staff.base.theme.StaffPolicyMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "requests_portal.urls"
WSGI_APPLICATION = "requests_portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_FILES_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "requests_portal.templatetags.portal.portal",
            ],
        },
    },
]

# --- Database -------------------------------------------------------------------------------
# Migrations run as the owner of the tables; everything else as a role that may not alter them.
_database_url = env_str("DATABASE_URL")
_owner_url = env_str("DATABASE_OWNER_URL") or _database_url
_as_owner = env_str("DATABASE_ROLE", "runtime") == "owner"
if not _database_url:
    raise ImproperlyConfigured("DATABASE_URL is not set; manage.py sets it on one machine.")
DATABASES = {
    "default": {
        **database_from_url(_owner_url if _as_owner else _database_url),
        "CONN_MAX_AGE": env_int("DATABASE_CONN_MAX_AGE", 60, minimum=0),
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"NAME": env_str("TEST_DATABASE_NAME", "test_requests_portal")},
    },
}
# What answers browsers may not wait for the database for long; what works behind it may.
SERVES_REQUESTS = env_bool("SERVES_REQUESTS", default=False)
WEB_STATEMENT_TIMEOUT = env_int("WEB_STATEMENT_TIMEOUT", 10, minimum=0)
DATABASES["default"]["OPTIONS"] = with_limits(
    DATABASES["default"]["OPTIONS"],
    **(
        {
            "connect": env_int("WEB_CONNECT_TIMEOUT", 3, minimum=2),
            "lock": env_int("WEB_LOCK_TIMEOUT", 5, minimum=0),
            "statement": WEB_STATEMENT_TIMEOUT,
            "idle": env_int("WEB_IDLE_IN_TRANSACTION_TIMEOUT", 120, minimum=0),
        }
        if SERVES_REQUESTS
        else {"connect": 10}
    ),
)
# Only statements that ask for it are prepared; a pooler between us and the server may not allow it.
DATABASES["default"]["OPTIONS"]["prepare_threshold"] = (
    0 if env_bool("DATABASE_PREPARED_STATEMENTS", default=True) else None
)
DATABASE_RUNTIME_ROLE = database_from_url(_database_url)["USER"]
DATABASE_OWNER_ROLE = database_from_url(_owner_url)["USER"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Caches ---------------------------------------------------------------------------------
# Used codes and limits are the same for all processes, and outlive a broker that was emptied. What
# is only saved work stays in each process.
CACHES = {
    "default": {
        "BACKEND": "workflows.vault.cache.SharedCache",
        "LOCATION": "vault_cacheentry",
        "KEY_FUNCTION": "workflows.vault.cache.hashed_key",
    },
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

# --- Background work ------------------------------------------------------------------------
CELERY_BROKER_URL = env_str("REDIS_URL", "redis://127.0.0.1:6379/0")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# The broker is a hint: publishing gives up at once, the outbox row stays and is swept later.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": env_int("BROKER_VISIBILITY_TIMEOUT", 3600, minimum=1),
    "socket_connect_timeout": 0.3,
    "socket_timeout": 5,
    "max_retries": 1,
    "interval_start": 0,
}
CELERY_TASK_PUBLISH_RETRY = False
# How long a published effect may wait in the broker before it is published again.
OUTBOX_LEASE_SECONDS = env_int("OUTBOX_LEASE_SECONDS", 120, minimum=1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = env_int("TASK_TIME_LIMIT", 1800, minimum=1)
# Of work that reads a whole snapshot and cannot go on where it was stopped. It holds a lock, so a
# copy that the broker hands out meanwhile does nothing. The outbox asks for it half a day long.
LONG_TASK_TIME_LIMIT = env_int("LONG_TASK_TIME_LIMIT", 43200, minimum=1)
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Celery would connect to the database anew for each task; see `celery.part_with_old_connections`.
CELERY_DB_REUSE_MAX = 1000
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
# What is done in each turn is registered by the packages: `workflows.outbox.periodic`.
_TURNS = {
    "sweep-clocks": timedelta(minutes=1),
    "sweep-challenges": timedelta(minutes=5),
    # Night where most of the data lie; UTC, as all times of the schedule.
    "nightly-pass": crontab(hour="18", minute="0"),
    # What does not fit is tried again, and each try reads a snapshot.
    "sweep-manifests": timedelta(hours=1),
    "purge": timedelta(minutes=15),
    "submit-checkpoints": timedelta(seconds=10),
    # More often than once a day: a turn that was missed is made up for, and the rest do nothing.
    "request-timestamp": timedelta(hours=1),
}
# A turn that comes late has nothing to add to the next.
_EXPIRES = {"submit-checkpoints": {"expires": 10}}
CELERY_BEAT_SCHEDULE = {
    # The health page tells by it whether beat lives.
    "canary": {
        "task": "workflows.outbox.tasks.canary",
        "args": ["beat"],
        "schedule": timedelta(seconds=30),
        "options": {"expires": 30},
    },
    **{
        turn: {
            "task": "workflows.outbox.tasks.run_periodic",
            "args": [turn],
            "schedule": schedule,
            "options": _EXPIRES.get(turn, {}),
        }
        for turn, schedule in _TURNS.items()
    },
}

# --- Languages and time ---------------------------------------------------------------------
# Those for which there are a catalogue and texts of notices, each by its own name.
SHIPPED_LANGUAGES = {
    "zh-hans": "简体中文",
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
}
# Those in which the provider is asked and answers. English is what has no translation.
LANGUAGES = [
    (code, SHIPPED_LANGUAGES[code])
    for code in env_choices("LANGUAGES", ["zh-hans", "en"], [*SHIPPED_LANGUAGES], needed="en")
]
# Those among them into which the pages of staff and regulators are translated, too.
STAFF_LANGUAGES = [(code, name) for code, name in LANGUAGES if code in {"zh-hans", "en"}]
# Also of what goes to teams and to recipients of datasets.
_OFFERED = [code for code, _name in LANGUAGES]
LANGUAGE_CODE = env_choice("LANGUAGE_CODE", _OFFERED[0], _OFFERED)
FORMAT_MODULE_PATH = "requests_portal.formats"
LOCALE_PATHS = [_FILES_DIR / "locale"]
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Files ----------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = Path(env_str("STATIC_ROOT", str(DATA_DIR / "static")))
STATICFILES_DIRS = [_PACKAGE / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = Path(env_str("MEDIA_ROOT", str(DATA_DIR / "media")))
# The operator's word that MEDIA_ROOT lies on an encrypted disk: it cannot be seen here.
MEDIA_ENCRYPTED = env_bool("MEDIA_ENCRYPTED", default=False)
# Where clamd listens, the daemon of ClamAV: the path of its socket, or host:port. With it, files of
# strangers are locked until they are found clean.
CLAMD_ADDRESS = env_str("CLAMD_ADDRESS")
ATTACHMENT_MAX_COUNT = 5
ATTACHMENT_MAX_BYTES = env_int("ATTACHMENT_MAX_BYTES", 10 * 1024 * 1024, minimum=1)
# Of all requests that were not sent yet together.
DRAFT_FILES_MAX_BYTES = env_int("DRAFT_FILES_MAX_BYTES", 2 * 1024**3, minimum=1)
# While the intake is under load, who files is let in by a proof of work or by waiting in line. It
# is under load from so many filings in five minutes, and so many drafts begun in an hour.
INTAKE_BUSY_FILINGS = env_int("INTAKE_BUSY_FILINGS", 30, minimum=1)
INTAKE_BUSY_DRAFTS = env_int("INTAKE_BUSY_DRAFTS", 600, minimum=1)
# Of the lightest proof; a telephone does about a thousand in a second.
INTAKE_PROOF_TRIES = env_int("INTAKE_PROOF_TRIES", 2000, minimum=1)
# The line of those whose browser runs no scripts lets one in at a time.
INTAKE_LINE_SECONDS = env_int("INTAKE_LINE_SECONDS", 10, minimum=1)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# An upload must never touch the disk in the clear: it stays in memory until it is encrypted.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = ATTACHMENT_MAX_BYTES + 1024

# --- Datasets -------------------------------------------------------------------------------
# Registered files must lie below one of these folders; a relative location is below the first.
DATASETS_DIRS = [Path(folder) for folder in env_list("DATASETS_DIRS", [str(DATA_DIR / "datasets")])]
# Addresses of the databases with registered tables: DATASET_DATABASE_ARCHIVE is "archive".
DATASET_DATABASES = env_named("DATASET_DATABASE_")

# --- Keys -----------------------------------------------------------------------------------
# base64 of 32 bytes each. The vault key wraps the data keys; the index key makes blind indexes
# and receipt hashes; the ledger key is the seed of the log's Ed25519 signature.
VAULT_KEY = env_str("VAULT_KEY")
# Keys that wrapped older data keys, until `manage.py vault_rewrap` has wrapped them anew.
VAULT_OLD_KEYS = env_list("VAULT_OLD_KEYS", [])
INDEX_KEY = env_str("INDEX_KEY")
# Keys that made older hashes; `manage.py rotate_index_key` says for how long they are needed.
INDEX_OLD_KEYS = env_list("INDEX_OLD_KEYS", [])
LEDGER_KEY = env_str("LEDGER_KEY")
LEDGER_ORIGIN = env_str("LEDGER_ORIGIN", "requests-portal.localhost/log")
# Witnesses that countersign the checkpoints: "VKEY URL", separated by commas.
LEDGER_WITNESSES = env_list("LEDGER_WITNESSES", [])
# The address of an RFC 3161 timestamping authority, and a PEM file with its certificates.
TIMESTAMP_AUTHORITY = env_str("TIMESTAMP_AUTHORITY")
TIMESTAMP_CERTIFICATES = env_str("TIMESTAMP_CERTIFICATES")

# --- Mail -----------------------------------------------------------------------------------
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env_str("EMAIL_HOST", "127.0.0.1")
EMAIL_PORT = env_int("EMAIL_PORT", 25, minimum=1)
EMAIL_HOST_USER = env_str("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env_str("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", default=False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env_str("DEFAULT_FROM_EMAIL", "privacy@example.org")
# At most so many mails a day to one address, whatever case they are for: see docs/security.md.
MAILS_PER_ADDRESS_PER_DAY = env_int("MAILS_PER_ADDRESS_PER_DAY", 20, minimum=1)
# And so many to contacts at one domain that are not confirmed, for at many domains every name leads
# to the same mailbox; but not at a provider, where a stranger could use up the limit of everybody.
MAILS_PER_DOMAIN_PER_DAY = env_int("MAILS_PER_DOMAIN_PER_DAY", 200, minimum=1)
MAIL_PROVIDERS = env_list(
    "MAIL_PROVIDERS",
    [
        *("126.com", "139.com", "163.com", "189.cn", "21cn.com", "aliyun.com", "aol.com"),
        *("bol.com.br", "daum.net", "docomo.ne.jp", "fastmail.com", "foxmail.com", "free.fr"),
        *("gmail.com", "gmx.at", "gmx.ch", "gmx.de", "gmx.net", "hanmail.net", "hotmail.co.uk"),
        *("hotmail.com", "hotmail.fr", "hotmail.it", "icloud.com", "laposte.net", "libero.it"),
        *("live.com", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com", "naver.com"),
        *("orange.fr", "outlook.com", "proton.me", "protonmail.com", "qq.com", "rediffmail.com"),
        *("sina.cn", "sina.com", "sohu.com", "t-online.de", "terra.com.br", "tom.com"),
        *("uol.com.br", "vip.163.com", "vip.qq.com", "web.de", "wp.pl", "yahoo.ca"),
        *("yahoo.co.in", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com", "yahoo.com.br", "yahoo.de"),
        *("yahoo.fr", "yahoo.it", "yandex.com", "yandex.ru", "yeah.net", "zoho.com"),
    ],
)

# --- Log-in ---------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["requests_portal.sign_in.hashers.BoundedArgon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 14},
    },
    {"NAME": "requests_portal.sign_in.hashers.MaximumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("home")
ACCOUNT_ADAPTER = "requests_portal.sign_in.adapters.ClosedSignupAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_FORMS = {"reset_password": "requests_portal.sign_in.password_reset.ResetPasswordForm"}
# Django's own, which hashes the address of the account. That of allauth stores the address as one
# that was not verified.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
# Nobody can have mail sent to a stranger, and a subject holds nothing from a Host header.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"[{PROVIDER_NAME}] "
# Of X-Forwarded-For, the last address alone: the proxy put it there, the rest anybody can make up.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if TRUST_PROXY else 0
# Wrong passwords and codes. For one account (`key`) more are allowed than one address can use up:
# guesses from many addresses are slowed down, and one stranger shuts nobody out.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,30/h/ip,60/h/key"}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_LOGOUT_ON_GET = False
# The session ends with the browser; there is no box "remember me".
ACCOUNT_SESSION_REMEMBER = False
MFA_ADAPTER = "requests_portal.sign_in.adapters.SealingMFAAdapter"
# Nobody signs up, and administrators keep the addresses: there is nothing to verify. An address
# that an earlier version stored as not verified keeps nobody from setting up a second factor.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
# Staff and regulators must use a second factor in production; off on one machine by default.
MFA_REQUIRED = env_bool("MFA_REQUIRED", default=HTTPS)
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "requests_portal.sign_in.adapters.hidden_address"
# It would keep the name and browser of everybody who ever signed in.
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "account/locked_out.html"

SESSION_ENGINE = "requests_portal.sign_in.session_store"
# A sign-in ends so many seconds after it began, and after so many without a page.
SESSION_COOKIE_AGE = env_int("SESSION_AGE", 8 * 3600, minimum=60)
SESSION_IDLE_AGE = env_int("SESSION_IDLE_AGE", 3600, minimum=60)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "requests_portal.public.views.information.csrf_failure"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

# --- Headers --------------------------------------------------------------------------------
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
    },
}

# --- API ------------------------------------------------------------------------------------
# Of one pipeline, or of one regulator with all their programs; and of one network without a token.
API_CALLS_PER_MINUTE = env_int("API_CALLS_PER_MINUTE", 600, minimum=1)
API_CALLS_PER_MINUTE_ANONYMOUS = env_int("API_CALLS_PER_MINUTE_ANONYMOUS", 120, minimum=1)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    # Whoever forgets to say who may use a view has written one that nobody can.
    "DEFAULT_PERMISSION_CLASSES": ["requests_portal.api.permissions.DenyAll"],
    "DEFAULT_THROTTLE_CLASSES": [
        "requests_portal.api.throttles.TokenThrottle",
        "requests_portal.api.throttles.AnonymousThrottle",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["requests_portal.api.bounds.BoundedJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "requests_portal.api.negotiation.JsonUnlessAsked",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "requests_portal.api.schema.PortalSchema",
    "EXCEPTION_HANDLER": "requests_portal.api.problems.problem_details",
    "DEFAULT_PAGINATION_CLASS": "requests_portal.api.pagination.Cursor",
    "PAGE_SIZE": 50,
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Requests Portal",
    "DESCRIPTION": (
        "File requests about personal information in AI training data and follow them.\n\n"
        "Every refusal is problem details (RFC 9457, `application/problem+json`). Lists have "
        "pages: follow `next` until it is null. Addresses end with a slash."
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "ItemKindEnum": "workflows.vocabulary.item_kinds.ItemKind",
        "IdentifierKindEnum": "workflows.vocabulary.people.IdentifierKind",
        "CaseStateEnum": "requests_portal.api.v1.serializers.CASE_STATES",
        "BundleStateEnum": "workflows.exports.models.BundleJob.State",
        "SnapshotStateEnum": "workflows.datasets.models.Snapshot.State",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# --- Staff interface ------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "Requests Portal",
    "SITE_HEADER": "Requests Portal",
    "SITE_SUBHEADER": PROVIDER_NAME,
    "SITE_SYMBOL": "assignment_ind",
    "SITE_FAVICONS": [{"rel": "icon", "href": "requests_portal.staff.base.theme.icon"}],
    "SHOW_HISTORY": False,
    "SHOW_LANGUAGES": True,
    "STYLES": [
        "requests_portal.staff.base.theme.tokens",
        "requests_portal.staff.base.theme.style_sheet",
    ],
    "GLOBAL_CALLBACK": "requests_portal.staff.base.theme.shared_context",
    "DASHBOARD_CALLBACK": "requests_portal.staff.home.dashboard.dashboard",
    "SIDEBAR": {"navigation": "requests_portal.staff.home.navigation.navigation"},
    "LANGUAGES": {
        "navigation": "requests_portal.presentation.staff_languages.menu",
        "action": reverse_lazy("set_language"),
    },
    "ACCOUNT": {
        "navigation": [
            {"title": _("Password"), "link": reverse_lazy("account_change_password")},
            {"title": _("Second factor"), "link": reverse_lazy("mfa_index")},
            {"title": _("Where you are signed in"), "link": reverse_lazy("account_sessions")},
        ],
    },
}

# --- Logs -----------------------------------------------------------------------------------
# Addresses carry case numbers and nothing else personal: the formatters leave the secrets of mailed
# links out. Request bodies are never logged.
LOGGING = logging_config()

# --- Metrics --------------------------------------------------------------------------------
# Who may read /metrics; nobody when empty.
METRICS_TOKEN = env_token("METRICS_TOKEN")

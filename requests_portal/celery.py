"""The Celery application. Tasks live in `workflows/tasks.py` and are thin."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "requests_portal.settings")

app = Celery("requests_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["workflows"])

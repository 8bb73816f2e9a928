"""The WSGI entry for a production server."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "requests_portal.settings")
# Whoever loads this answers requests, and shall not wait for the database without end.
os.environ.setdefault("SERVES_REQUESTS", "yes")

application = get_wsgi_application()

"""The ASGI entry for a production server: `python -m requests_portal.server`."""

from requests_portal.environment import env_int, env_str
from requests_portal.server.application import Application
from requests_portal.server.bodies import MIB, bounds_for


def _application() -> Application:
    # Importing it sets Django up, which the other imports need.
    from requests_portal import wsgi

    answer = wsgi.application
    from django.conf import settings

    from requests_portal.server.pages import service_unavailable, warm_up

    warm_up()
    # What a form with files may be at most; the fields beside them are bounded by Django.
    body_bytes = settings.ATTACHMENT_MAX_COUNT * settings.ATTACHMENT_MAX_BYTES + MIB
    return Application(
        answer,
        busy=service_unavailable,
        threads=env_int("WEB_THREADS", 8, minimum=1),
        bounds=bounds_for(body_bytes),
        instance=env_str("WEB_INSTANCE"),
    )


application = _application()

"""The Django project: settings, addresses and the four faces of the portal."""

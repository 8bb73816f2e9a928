"""The Django project: settings, addresses and the four interfaces of the portal."""

# Also in pyproject.toml, which is not there when the portal runs.
__version__ = "0.1.0"

"""The staff interface: the Django admin site, its queue and its case pages."""

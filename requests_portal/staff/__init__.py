"""The staff face: the Django admin site, its queue and its case pages."""

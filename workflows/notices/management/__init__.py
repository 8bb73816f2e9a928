"""Commands of `manage.py` for notices."""

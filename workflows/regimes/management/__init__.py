"""Commands of `manage.py` about deadlines."""

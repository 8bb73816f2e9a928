"""Commands of `manage.py` for the register of training data."""

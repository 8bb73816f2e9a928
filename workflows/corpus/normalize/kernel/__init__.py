"""The compiled first stage, and its twin in NumPy that checks it."""

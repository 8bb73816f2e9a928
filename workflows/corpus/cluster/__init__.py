"""The pass as a step of distributed engines."""

"""Statistics, the regulator's bundle, retention and erasure runs."""

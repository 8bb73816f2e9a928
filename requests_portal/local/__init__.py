"""Servers from wheels, and the processes that `make run` keeps alive on one machine."""

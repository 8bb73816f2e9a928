"""Accounts, the access log and services."""

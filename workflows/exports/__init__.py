"""Exports that verify offline."""

"""A folder of datasets for each test that registers one."""

from tests.workflows.datasets.conftest import data

__all__ = ["data"]

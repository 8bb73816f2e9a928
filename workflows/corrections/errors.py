"""What corrections refuse. Nothing has been changed when this is raised."""

from workflows.cases.errors import CaseError


class CorrectionRefused(CaseError):
    """A change of manifests, receipts or the suppression list is not allowed, or not now."""

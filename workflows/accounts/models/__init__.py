"""Who may act: staff by pseudonym, regulators, programs; and what must be approved first."""

from workflows.accounts.models.approvals import AccountEvent, ApprovalRequest, Invitation
from workflows.accounts.models.pipelines import PipelineToken, TokenScope
from workflows.accounts.models.regulators import RegulatorAccount, RegulatorToken
from workflows.accounts.models.staff import PSEUDONYM_LENGTH, StaffIdentity

__all__ = [
    "PSEUDONYM_LENGTH",
    "AccountEvent",
    "ApprovalRequest",
    "Invitation",
    "PipelineToken",
    "RegulatorAccount",
    "RegulatorToken",
    "StaffIdentity",
    "TokenScope",
]

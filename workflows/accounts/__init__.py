"""Accounts of staff and regulators: what needs a second person, invitations, who is told."""

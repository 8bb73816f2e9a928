"""Who may act: staff, regulators, programs; what needs a second person, the account log."""

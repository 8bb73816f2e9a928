"""How well the requester is known: challenges, assurance levels, mandates and evidence."""

"""What is done again and again so that figures stay fast."""

from workflows.outbox.periodic import periodic

periodic("purge", "subtotals", "workflows.oversight.facts.settle")

"""Teams, routing rules, assignment, reminders and escalation."""

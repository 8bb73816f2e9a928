"""When checkpoints are shown to witnesses, and timestamped."""

from workflows.outbox.periodic import periodic

periodic("submit-checkpoints", "checkpoints", "workflows.witnesses.services.submit_due")
periodic("request-timestamp", "timestamps", "workflows.witnesses.timestamps.request_due")

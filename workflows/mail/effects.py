"""What mail forgets after a while."""

from workflows.outbox.periodic import periodic

periodic("purge", "tallies", "workflows.mail.outbound.purge_tallies")

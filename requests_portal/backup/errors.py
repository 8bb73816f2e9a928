"""What can go wrong with a backup, as a sentence for whoever runs the command."""


class BackupError(Exception):
    """Nothing was made, or nothing was changed; the message says why and what to do."""

"""What the register tells those who stand on it, in the transaction in which it happens."""

from django.dispatch import Signal

# A version made of another has been read; the sender is `Snapshot`, the argument `snapshot`.
version_read = Signal()

"""Mail that goes out: addresses, limits, and what all mails share."""

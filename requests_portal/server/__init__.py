"""The web server: reads bodies apart from the threads that answer, and reloads without a gap."""

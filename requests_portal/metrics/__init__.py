"""Numbers for Prometheus: what the web has done, and how the portal stands."""

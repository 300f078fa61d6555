"""Migrations between two blades of this process, over TLS, with real packets in flight."""

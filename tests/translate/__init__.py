"""Ahead-of-time code, and which engine is taken."""

"""The vEPC: vectors, captured traffic, malformed input, random procedures."""

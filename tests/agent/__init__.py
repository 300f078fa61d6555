"""The agent as a process of its own, on this ISA and on others."""

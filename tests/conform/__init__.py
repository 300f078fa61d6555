"""The proof of identical behaviour: that it runs, that it bites, and what it replays."""

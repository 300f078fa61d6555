"""The agent: one per blade; runs an instance, moves it, answers the operator."""

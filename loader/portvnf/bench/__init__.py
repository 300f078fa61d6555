"""Benchmarks that anyone can repeat: engines in turn in one run, medians and ratios."""

"""Tests that drive the product as a whole or in parts; folders share what they need."""

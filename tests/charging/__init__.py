"""Charging records: worded, written once, and taken off the VNF."""

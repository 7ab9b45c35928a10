"""The calls that each command makes, and the IAM policy that allows exactly these.

A test runs the commands as an identity with that policy and compares: what is called must be granted, and what is
granted must be called.
"""

"""The calls that each command makes, as IAM actions and resources.

A test runs the commands as an identity with exactly the policy that follows, and compares: every call must be granted,
and every grant must be used.
"""

"""Provision insert-only DynamoDB triggers, and prove that they are insert-only."""

__version__ = "0.1.0"

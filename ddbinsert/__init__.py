"""Insert-only DynamoDB triggers, provisioned and proven."""

__version__ = "0.1.0"

"""What doctor found, for people and machines."""

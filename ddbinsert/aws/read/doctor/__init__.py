"""What only doctor reads: the recent past, and what a trigger depends on."""

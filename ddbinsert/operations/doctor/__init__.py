"""doctor: why nothing arrives, or late, or not all; read-only."""

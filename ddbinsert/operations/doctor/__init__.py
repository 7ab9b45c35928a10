"""doctor: why inserts do not arrive, arrive late, or arrive in part; read-only."""

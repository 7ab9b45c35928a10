"""Reads that only doctor needs: recent activity, and the resources that a trigger depends on."""

"""Fuzzing of what ddbinsert reads: configuration, patterns, records, log lines, templates, items, answers of endpoints."""

"""Readers of the documents in which event source mappings are declared: templates, plans, configuration files.

Each reader converts a text to plain values with exact positions (`source`), and finds the mappings, their filters and
the tables in them (`declared`). No reader makes a connection or evaluates an expression: a value that is not known
before the deployment is an `Unknown`.
"""

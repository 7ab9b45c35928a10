"""Readers of the documents in which event source mappings are declared: templates, plans, configuration files.

Each reader turns a text into plain values with exact places (`source`), and finds the mappings, their filters and the
tables in them (`declared`). Nothing here connects to anything, and nothing is evaluated: what is not known before a
deployment is an `Unknown`.
"""

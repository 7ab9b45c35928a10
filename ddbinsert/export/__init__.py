"""Exporting a trigger as infrastructure code: one module per format.

All formats are generated from the same resources, whose properties have CloudFormation's names (`export.resources`).
These are also the names of AWS's API, so that all formats use the table of settings in `core.trigger.settings`.
"""

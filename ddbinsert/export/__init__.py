"""A trigger written down for a team's own infrastructure code: a module for each format.

All formats are made of the same resources, whose properties have CloudFormation's names (`export.resources`): these are
the names of AWS's API, so that the table of settings in `core.trigger.settings` feeds them all.
"""

"""The parts of AWS's service models that ddbinsert speaks, so that no command reads megabytes to make five calls.

A file a service: botocore's own model cut down to some operations, without its documentation. They derive from
botocore (Copyright Amazon.com, Inc. or its affiliates; Apache License 2.0, see LICENSE.txt beside this file).
``python -m ddbinsert.aws.models`` writes them anew from the installed botocore.
"""

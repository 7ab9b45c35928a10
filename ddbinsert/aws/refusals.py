"""Hints for AWS's errors, by error code, and by AWS's message if a code has several causes."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ddbinsert.advice import TABLE, Advice


class _Refusal(NamedTuple):
    """A known error of AWS.

    Attributes:
        code: AWS's error code.
        sentence: A pattern to search for in AWS's message; empty for any message.
        hint: The remedy.
    """

    code: str
    sentence: str
    hint: str | Advice


_IN_USE = "Another change to it is in progress. Wait a minute, and run the command again."

# Recorded from AWS (snapshots of public test suites) and from the service models of botocore.
_REFUSALS: Final = tuple(
    _Refusal(*entry)
    for entry in (
        (
            "InvalidParameterValueException",
            r"Invalid filter pattern",
            (
                "AWS rejected a filter pattern. Check it with filter lint; if that reports no error, please "
                "report the pattern as a bug."
            ),
        ),
        (
            "InvalidParameterValueException",
            r"Stream not found",
            Advice("The stream was replaced or disabled. Show the table's stream", ("status", TABLE)),
        ),
        (
            "InvalidParameterValueException",
            r"runtime parameter of \S+ is no longer supported|[Rr]untime .*(no longer supported|deprecated)",
            "The runtime is deprecated. Use a current one, such as --runtime python3.13 or nodejs22.x.",
        ),
        (
            "InvalidParameterValueException",
            r"cannot be assumed by Lambda",
            (
                "A new role can take a minute until Lambda can use it; run the command again. An existing "
                "role must trust lambda.amazonaws.com."
            ),
        ),
        (
            "InvalidParameterValueException",
            r"Cannot access stream",
            (
                "The function's role needs dynamodb:GetRecords, GetShardIterator, DescribeStream and "
                "ListStreams on the stream."
            ),
        ),
        (
            "InvalidParameterValueException",
            r"[Uu]nzipped size must be smaller",
            "The code is larger than 250 MB unpacked. Leave files out, or use a container image.",
        ),
        (
            "InvalidParameterValueException",
            r"UnreservedConcurrentExecution",
            (
                "The account's concurrency is used up by reservations. Lower another function's reserved "
                "concurrency, or request a higher quota."
            ),
        ),
        (
            "CodeStorageExceededException",
            "",
            "The region's code storage (75 GB) is full. Delete old function versions.",
        ),
        ("RequestEntityTooLargeException", "", "The archive is larger than 50 MB. Use --code-bucket."),
        (
            "CodeVerificationFailedException",
            "",
            "The code is not signed as the function's code signing requires.",
        ),
        (
            "InvalidCodeSignatureException",
            "",
            "The code is not signed as the function's code signing requires.",
        ),
        (
            "TooManyRequestsException",
            "",
            "The function's reserved concurrency is used up, or 0. Raise it (`aws lambda put-function-concurrency`).",
        ),
        ("ResourceConflictException", r"in progress|is currently in the following state", _IN_USE),
        (
            "ResourceConflictException",
            r"mapping already exists",
            Advice("The function already reads this stream. Show the mapping", ("status", TABLE)),
        ),
        ("ResourceInUseException", "", _IN_USE),
        ("OperationAbortedException", "", _IN_USE),
        ("ConcurrentModification", "", _IN_USE),
        ("PreconditionFailedException", "", _IN_USE),
        (
            "DeleteConflict",
            "",
            "Detach the policies of the role, and remove it from instance profiles, first.",
        ),
        (
            "EntityAlreadyExists",
            "",
            "A role with this name exists. Use another name, or `--role` for an existing role.",
        ),
        (
            "QueueDeletedRecently",
            "",
            "Wait 60 seconds after deleting a queue before creating one with the same name.",
        ),
        (
            "AWS.SimpleQueueService.QueueDeletedRecently",
            "",
            "Wait 60 seconds after deleting a queue before creating one with the same name.",
        ),
        (
            "LimitExceededException",
            "",
            "A quota of the account is used up. Delete what is no longer needed, or request a higher quota.",
        ),
        (
            "LimitExceeded",
            "",
            "A quota of the account is used up. Delete what is no longer needed, or request a higher quota.",
        ),
        ("ServiceQuotaExceededException", "", "Request a higher quota, or delete what is no longer needed."),
        (
            "MalformedPolicyDocument",
            "",
            "AWS does not accept the role's policy. This is a bug in ddbinsert; please report it.",
        ),
        (
            "TrimmedDataAccessException",
            "",
            "The records are older than the 24 hours that a stream keeps. Read from a later time.",
        ),
        ("ExpiredIteratorException", "", "Reading the stream took too long. Run the command again."),
        (
            "KMSAccessDeniedException",
            "",
            "The role or your identity needs kms:Decrypt on the key that encrypts the resource.",
        ),
        ("KMSDisabledException", "", "The KMS key that encrypts the resource is disabled. Enable it."),
        (
            "KMSInvalidStateException",
            "",
            "The KMS key that encrypts the resource can't be used in its state.",
        ),
        ("KMSNotFoundException", "", "The KMS key that encrypts the resource does not exist."),
        ("ItemCollectionSizeLimitExceededException", "", "An item collection is limited to 10 GB."),
        (
            "UnknownOperationException",
            "",
            "The endpoint does not support this operation: it is another service, or an emulator without it.",
        ),
        (
            "UnknownOperation",
            "",
            "The endpoint does not support this operation: it is an emulator without it.",
        ),
        ("InvalidAction", "", "The endpoint does not support this operation: it is an emulator without it."),
        ("NotImplemented", "", "The endpoint does not support this operation: it is an emulator without it."),
        (
            "ValidationException",
            r"[Rr]equested resource not found|Cannot do operations on a non-existent table",
            "Check the name, --region and --profile.",
        ),
        ("ResourceNotFoundException", "", "Check the name, --region and --profile."),
        ("NoSuchEntity", "", "Check the name and --profile."),
        ("NoSuchBucket", "", "Check the name of the bucket, --region and --profile."),
        ("NoSuchKey", "", "Check the key of the object."),
        (
            "OptInRequired",
            "",
            "The service or region is not enabled for the account. Enable it, or use another --region.",
        ),
    )
)


def hint_of_denial(said: str) -> str:
    """The hint for a denied call: whose policy has to allow it."""
    if "no resource-based policy" in said:
        ask = "Ask the owner of that resource to allow this action in its policy"
        more = (
            ", or give credentials for the table's account with --table-profile"
            if "dynamodb:" in said
            else ""
        )
        return f"{ask}{more}."
    return "Add this action to the policy of your identity."


def hint_of(code: str, message: str, operation: str = "") -> str | Advice | None:
    """The remedy for an error of AWS; None if none is known."""
    for refusal in _REFUSALS:
        if refusal.code == code and re.search(refusal.sentence, message):
            return refusal.hint
    if code.endswith("InternalFailure") or code in (
        "InternalServerError",
        "ServiceException",
        "InternalError",
    ):
        return "AWS failed. Run the command again; see https://health.aws.amazon.com if it persists."
    if code.isdecimal():
        return f"The endpoint does not support {operation or 'this operation'}, or is not AWS: check --endpoint-url."
    return None

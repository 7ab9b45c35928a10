"""What is known beforehand: facts without a probe, and how each endpoint on this machine differs from AWS.

These tables are the only place for it. A run must find exactly what they say: a difference that is not here, and one
that is here and was not found, are both reported.
"""

from __future__ import annotations

from typing import Final

#: Facts that cannot be probed, and why.
WITHOUT_PROBE: Final[dict[str, str]] = {
    "esm-infinite-retries": "takes 24 hours; that retries are -1 by default is part of esm-defaults",
    "esm-first-delivery": "a time, which promises nothing: it is measured, and written into the file of answers",
    "esm-update-lag": "a time up to which the old settings may count: not seeing it would show nothing",
    "esm-encrypted-filter": "takes a KMS key, which cannot be deleted before seven days have passed",
    "esm-filter-key": "takes a KMS key, which cannot be deleted before seven days have passed",
    "esm-at-least-once": "a second delivery cannot be brought about, and its absence would show nothing",
    "esm-on-failure-consolidated": "what may happen: its absence would show nothing",
    "esm-metrics-cost": "a price",
    "log-class": "a class cannot be changed, and what is read of each is not confirmed by any source",
    "log-retention-account": "a policy is for a whole account: a probe would change what others have",
    "esm-other-accounts": "takes a second account",
    "function-vpc-rights": "takes a VPC, and its interfaces stay for 20 minutes",
    "function-kms-key": "takes a KMS key, which cannot be deleted before seven days have passed",
    "account-regions": "shows the regions of an account, which a probe cannot enable or disable",
    "disabled-region": "takes an account in which a region is disabled",
    "dynamodb-control-rate": "would throttle what others do in the account",
    "list-streams": "a second page takes more than 100 streams",
    "kinesis-destination-place": "a refusal of a stream elsewhere would take a second account",
    "s3-head-forbidden": "takes a second identity with fewer permissions",
    "function-tags-hidden": "takes a second identity with fewer permissions",
    "runtime-deprecation": "dates, which AWS announces; `doctor` has them",
    "stream-ttl": "DynamoDB may take 48 hours to delete an expired item",
    "stream-two-readers": "a quota whose excess is not refused at a certain call",
    "stream-replicas": "takes a global table in two regions, which cannot be removed for a day",
    "logs-lag": "a time, which promises nothing: it is measured, and written into the file of answers",
    "logs-live-tail": "charged by the minute, and no verdict rests on it",
    "logs-quota": "would take the account's quota of log groups",
    "trail-names": "CloudTrail is 15 minutes behind: a probe would have to wait for it",
    "trail-iam": "CloudTrail is 15 minutes behind: a probe would have to wait for it",
    "stream-policy": "matters between accounts, and the rig plays it for two only (tests/strict/test_two_accounts.py)",
    "table-other-account": "takes two accounts (tests/strict/test_two_accounts.py plays them)",
    "emulator-open": "true of MiniStack without ddbinsert's guard, behind which it is started here "
    "(tests/functional/test_local_guard.py)",
    "emulator-late-lines": "true of MiniStack without ddbinsert's change, with which it is started here "
    "(tests/functional/test_local_lines.py)",
    "endpoint-no-lambda": "these programs are not installed here (tests/functional/test_other_backends.py plays one)",
}

#: Facts about an endpoint that follow from probes of other facts, with which it must not agree.
FOLLOWS_FROM: Final[dict[str, tuple[str, ...]]] = {
    "emulator-accepts": (
        *("esm-invalid-filter", "esm-limits", "esm-not-found", "esm-role-rights", "stream-enabled-twice"),
    ),
    "emulator-failures": ("esm-on-failure", "esm-batch-item-failures"),
    "emulator-matcher": ("pattern-logic", "pattern-exists", "pattern-arrays", "pattern-dynamodb-types"),
    "emulator-logs": ("logs-pages",),
    "emulator-metrics": ("esm-metrics", "esm-metrics-absence"),
}

_BY_THE_EMULATOR: Final = "code is run by the emulator behind the rig"
_NO_CODE: Final = "moto runs no code without Docker (endpoint-moto)"
_OF_EMULATOR: Final = "about the embedded emulator"
_OF_MOTO: Final = "about moto"

#: Endpoint to the facts that say nothing about it, and why.
NOT_APPLICABLE: Final[dict[str, dict[str, str]]] = {
    "rig": {
        "node-handlers": _BY_THE_EMULATOR,
        "python-answers": _BY_THE_EMULATOR,
        "archive-modes": _BY_THE_EMULATOR,
        "emulator-streams": _OF_EMULATOR,
        "endpoint-moto": _OF_MOTO,
        **dict.fromkeys(FOLLOWS_FROM, _OF_EMULATOR),
    },
    "emulator": {"endpoint-moto": _OF_MOTO},
    "moto": {
        **dict.fromkeys(
            (
                *("esm-event-name-filter", "esm-resumes", "esm-on-failure", "esm-batch-item-failures"),
                *(
                    "esm-partial-retries",
                    "esm-split-retries",
                    "esm-request-id-reused",
                    "esm-metrics",
                    "esm-metrics-absence",
                    "role-least-privilege",
                ),
                *("log-group-outlives", "node-handlers", "python-answers", "archive-modes"),
                *("stream-record-shape", "logs-format"),
                *("pattern-logic", "pattern-exists", "pattern-arrays", "pattern-dynamodb-types"),
            ),
            _NO_CODE,
        ),
        "emulator-streams": _OF_EMULATOR,
        **dict.fromkeys(FOLLOWS_FROM, _OF_EMULATOR),
    },
    "aws": {
        "emulator-streams": _OF_EMULATOR,
        "endpoint-moto": _OF_MOTO,
        **dict.fromkeys(FOLLOWS_FROM, _OF_EMULATOR),
    },
    "endpoint": {
        "emulator-streams": _OF_EMULATOR,
        "endpoint-moto": _OF_MOTO,
        **dict.fromkeys(FOLLOWS_FROM, _OF_EMULATOR),
    },
}

#: Endpoint to the facts that it does not agree with, and what it does.
DIFFERENCES: Final[dict[str, dict[str, str]]] = {
    "rig": {},
    "emulator": {
        "esm-defaults": "a mapping is Enabled at once, the batch size is 10, and other settings are not shown",
        "esm-starting-position": "AT_TIMESTAMP is accepted",
        "esm-states": "no state lasts: Enabled, Disabled, gone",
        "esm-in-use": "a change is accepted at any time",
        "esm-invalid-filter": "any pattern is accepted",
        "esm-not-found": "an unknown stream is accepted; an unknown function is a ResourceNotFoundException",
        "esm-role-rights": "permissions of roles are not checked",
        "esm-limits": "nothing is refused",
        "esm-clear-explicitly": "an answer shows an empty list of filters",
        "esm-list-qualifiers": "a list by the function's name has the mappings of its aliases, too",
        "esm-on-failure": "nothing is sent to the destination",
        "esm-batch-item-failures": "batchItemFailures are ignored",
        "esm-partial-retries": "batchItemFailures are ignored",
        "esm-split-retries": "no batch is split",
        "esm-request-id-reused": "each attempt has its own request id",
        "esm-metrics": "there are no EventCount metrics",
        "esm-metrics-absence": "there are no EventCount metrics",
        "role-propagation": "a new role can be assumed at once",
        "function-pending": "a pending function accepts changes",
        "function-limits": "nothing is refused",
        "function-setting-rights": "permissions of roles are not checked",
        "node-handlers": "every runtime is run by the Node.js of this machine, which detects modules and takes callbacks",
        "python-answers": "an answer is written by json.dumps: a Decimal ends it, and errors are Runtime.HandlerError",
        "archive-modes": "files are unpacked as the user that runs the emulator may read them",
        "stream-enabled-twice": "it is accepted",
        "stream-view-change": "the view type of a live stream can be edited",
        "stream-event-names": "PartiQL leaves no records",
        "number-text": "digits of other scripts are accepted",
        "item-limits": "the keys of indexes are not limited",
        "sqs-deleted-recently": "the name can be reused at once",
        "logs-pages": "an answer is cut at 10,000 events, without a token",
        "logs-format": "there is no JSON format",
        "pattern-logic": "$or never matches, and one with a single branch is accepted",
        "pattern-exists": "exists: false on a leaf never matches, and it also matches inner nodes",
        "pattern-arrays": "sets and lists never match",
        "pattern-dynamodb-types": "numeric matches an N",
        "pattern-invalid": "any pattern is accepted",
    },
    "moto": {
        "esm-defaults": "a mapping is Enabled at once, and settings that were not given are not shown",
        "esm-starting-position": "AT_TIMESTAMP is accepted",
        "esm-states": "no state lasts: Enabled, Disabled, gone",
        "esm-in-use": "a change is accepted at any time",
        "esm-invalid-filter": "any pattern is accepted",
        "esm-duplicate": "a second mapping is accepted",
        "esm-not-found": "an unknown stream or function is a ResourceNotFoundException",
        "esm-role-rights": "permissions of roles are not checked",
        "esm-limits": "nothing is refused, except a large batch, by a server error",
        "esm-clear-explicitly": "an answer shows an empty list of filters",
        "role-propagation": "a new role can be assumed at once",
        "function-pending": "a function is Active at once",
        "function-limits": "nothing is refused",
        "function-setting-rights": "permissions of roles are not checked",
        "invoke-429": "reserved concurrency is ignored",
        "stream-view-change": "a stream cannot be enabled again after it was disabled",
        "stream-event-names": "PartiQL is a server error",
        "stream-at-timestamp": "AT_TIMESTAMP is accepted",
        "number-text": "1_0 and digits of other scripts are accepted",
        "item-limits": "33 levels are accepted",
        "index-queries": "the size of an index is not shown",
        "sqs-deleted-recently": "the name can be reused at once",
        "pattern-invalid": "any pattern is accepted",
    },
}

"""AWS's documented limits as annotated types: one definition for configuration, JSON Schema and code.

Sources: the API references of Lambda, DynamoDB, CloudWatch Logs and IAM (their botocore service models), and
the Lambda developer guide on environment variables and event source mappings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from annotated_types import Ge, Le, Len, MaxLen, MinLen

from ddbinsert.core.model.bounds import TABLE_NAME, TABLE_NAME_LENGTH
from ddbinsert.dataclass import dataclass


@dataclass(frozen=True)
class Matches:
    """The whole text matches a regular expression.

    Attributes:
        pattern: Unanchored, in the dialect that Python and ECMA-262 (JSON Schema) share.
        meaning: A description of such a text, shown after "allowed:".
        never: (pattern, why) of common mistakes that have a message of their own.
    """

    pattern: str
    meaning: str
    never: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class JsonObjectText:
    """The text is a JSON object; a configuration file may also write it as a mapping."""


@dataclass(frozen=True)
class Secret:
    """The value is secret and is never shown."""


@dataclass(frozen=True)
class NoneIs:
    """The word that stands for None in a configuration file."""

    word: str


#: Variables that Lambda reserves and does not accept in a function's environment.
RESERVED_VARIABLES: Final = (
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
)

_PARTITION = "arn:aws[a-z0-9-]*"
_REGION = "[a-z]{2,4}(-[a-z]+)+-[0-9]+"
_TAG_TEXT = "[^\\x00-\\x1f\\x7f!\"#$%&'()*,;<>?\\[\\\\\\]^`{|}~]"

TableName = Annotated[
    str, Len(*TABLE_NAME_LENGTH), Matches(TABLE_NAME, "3 to 255 of the characters a-z A-Z 0-9 _ - .")
]
AliasName = Annotated[
    str,
    Len(1, 128),
    Matches(
        r"(?![0-9]+$)[a-zA-Z0-9_-]+",
        "1 to 128 of the characters a-z A-Z 0-9 _ -, not only digits, as the number of a version",
    ),
]
FunctionName = Annotated[
    str,
    Len(1, 64),
    Matches(
        r"[a-zA-Z0-9_-]+",
        "1 to 64 of the characters a-z A-Z 0-9 _ -",
        never=((r"arn:.*", "give the function's name, not its ARN"),),
    ),
]
Runtime = Annotated[
    str,
    Matches(
        r"python3\.[0-9]+|nodejs[0-9]+\.x|java[0-9]+(\.al2(023)?)?|dotnet[0-9]+|ruby[0-9]+\.[0-9]+"
        r"|provided\.al2(023)?|custom",
        "a Lambda runtime identifier, such as python3.13 or nodejs22.x",
    ),
]
Handler = Annotated[
    str, Len(1, 128), Matches(r"\S+", "1 to 128 characters without spaces, such as handler.handle")
]
CodePath = Annotated[
    str,
    Len(1, 4096),
    Matches(
        r"[^\x00]+",
        "the path of a file, a folder or a .zip, an archive in S3 (s3://BUCKET/KEY), or a container image in ECR",
        never=(
            (r"s3://[^/]*/?|s3:///.*", "an archive in S3 is s3://BUCKET/KEY"),
            (r"[0-9]{12}\.dkr\.ecr\.[^/]*/[^:@]*", "an image needs its tag or digest: …/REPOSITORY:TAG"),
        ),
    ),
]
BucketName = Annotated[
    str, Matches(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the name of an S3 bucket: 3 to 63 of a-z 0-9 . -")
]
LayerArn = Annotated[
    str,
    Len(20, 2048),
    Matches(
        rf"{_PARTITION}:lambda:{_REGION}:[0-9]{{12}}:layer:[a-zA-Z0-9_-]+:[0-9]+",
        "the ARN of a layer's version, such as arn:aws:lambda:eu-west-1:123456789012:layer:tools:3",
    ),
]
EnvironmentName = Annotated[
    str,
    Len(2, 256),
    Matches(
        rf"(?!(?:{'|'.join(RESERVED_VARIABLES)})$)[a-zA-Z][a-zA-Z0-9_]+",
        "a letter, then one or more of the characters a-z A-Z 0-9 _; not a name that Lambda reserves",
        never=(
            ("|".join((*RESERVED_VARIABLES, "_HANDLER", "_X_AMZN_TRACE_ID")), "Lambda reserves this name"),
        ),
    ),
]
EnvironmentValue = Annotated[str, Secret(), Matches(r"[^\x00]*", "text without NUL characters")]
EnvironmentVariables = Mapping[EnvironmentName, EnvironmentValue]
LogGroupName = Annotated[
    str,
    Len(1, 512),
    Matches(
        r"(?!aws/)[a-zA-Z0-9_/.#-]+",
        "1 to 512 of the characters a-z A-Z 0-9 _ - / . #, not beginning with aws/",
    ),
]
RoleArn = Annotated[
    str,
    Len(20, 2048),
    Matches(
        rf"{_PARTITION}:iam::[0-9]{{12}}:role/[a-zA-Z0-9_+=,.@/-]+",
        "an IAM role's ARN, such as arn:aws:iam::123456789012:role/name",
    ),
]
KeyArn = Annotated[
    str,
    Len(20, 2048),
    Matches(
        rf"{_PARTITION}:kms:{_REGION}:[0-9]{{12}}:(key|alias)/[a-zA-Z0-9/_-]+",
        "the ARN of a KMS key, such as arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    ),
]
SubnetId = Annotated[
    str, Matches(r"subnet-[0-9a-z]+", "the ID of a subnet, such as subnet-0123456789abcdef0")
]
SecurityGroupId = Annotated[
    str, Matches(r"sg-[0-9a-zA-Z]+", "the ID of a security group, such as sg-0123456789abcdef0")
]
QueueOrTopicArn = Annotated[
    str,
    Len(12, 350),
    Matches(
        rf"{_PARTITION}:(?:sqs:{_REGION}:[0-9]{{12}}:[a-zA-Z0-9_-]{{1,80}}|sns:{_REGION}:[0-9]{{12}}:[a-zA-Z0-9_-]{{1,256}})",
        "the ARN of a standard SQS queue or a standard SNS topic",
        never=((r".*\.fifo", "Lambda sends failed events to standard queues and topics only, not to FIFO"),),
    ),
]
PolicyArn = Annotated[
    str,
    Len(20, 2048),
    Matches(
        rf"{_PARTITION}:iam::([0-9]{{12}}|aws):policy/[a-zA-Z0-9_+=,.@/-]+",
        "the ARN of a managed policy, such as arn:aws:iam::123456789012:policy/boundary",
    ),
]
RolePath = Annotated[
    str, Len(1, 512), Matches(r"/|/[!-~]+/", "a path that begins and ends with /, such as /teams/payments/")
]
#: The retention periods that CloudWatch Logs accepts, in days.
RetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
#: AWS accepts 60 seconds or more, or -1.
RecordAge = Literal[-1] | Annotated[int, Ge(60), Le(604800)]
FailureDestination = Annotated[
    str,
    Len(12, 350),
    Matches(
        rf"{_PARTITION}:(?:sqs:{_REGION}:[0-9]{{12}}:[a-zA-Z0-9_-]{{1,80}}"
        rf"|sns:{_REGION}:[0-9]{{12}}:[a-zA-Z0-9_-]{{1,256}}"
        r"|s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])",
        "the ARN of a standard SQS queue, a standard SNS topic or an S3 bucket",
        never=((r".*\.fifo", "Lambda sends failed batches to standard queues and topics only, not to FIFO"),),
    ),
]
Pattern = Annotated[str, Len(2, 4096), JsonObjectText()]
TagKey = Annotated[
    str,
    Len(1, 128),
    Matches(
        rf"(?!aws:|AWS:|ddbinsert:){_TAG_TEXT}+",
        "1 to 128 letters, digits, spaces and _ . : / = + - @, not beginning with aws: or ddbinsert:",
        never=(
            (r"[aA][wW][sS]:.*", "AWS reserves this prefix"),
            (r"ddbinsert:.*", "ddbinsert uses this prefix for its own tags"),
        ),
    ),
]
TagValue = Annotated[
    str,
    MaxLen(256),
    Matches(rf"{_TAG_TEXT}*", "at most 256 letters, digits, spaces and _ . : / = + - @"),
]
#: AWS accepts 50 tags per resource; one of them is ddbinsert's owner tag.
Tags = Annotated[Mapping[TagKey, TagValue], MaxLen(49)]

Profile = Annotated[
    str, MinLen(1), Matches(r"[^\x00-\x1f\x7f]+", "the name of a profile of the AWS configuration")
]
Region = Annotated[str, Matches(_REGION, "a region's code, such as eu-central-1")]
EndpointUrl = Annotated[
    str,
    Matches(
        r"https?://[^\s/@?#]+(?:/[^\s?#]*)?",
        "an http or https address, such as http://127.0.0.1:4566",
        never=((r".*@.*", "the address must not contain a user name or password"),),
    ),
]

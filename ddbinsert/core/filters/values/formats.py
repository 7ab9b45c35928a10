"""The text formats of a stream record, each in two versions: what DynamoDB certainly writes, and what it may write.

Examples are taken from the certain format; proofs that no value exists use the wider one. If the
documentation defines a format completely, both are equal.
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

from ddbinsert.core.filters.values.languages import (
    ANY_TEXT,
    DIGIT,
    SOME_TEXT,
    Expression,
    Repeated,
    choice,
    literal,
    one_of,
    optional,
    sequence,
    times,
)


class Format(NamedTuple):
    """The texts that are certainly possible, and those that may be possible."""

    certain: Expression
    possible: Expression


_NONZERO: Final = one_of("123456789")
_BASE64: Final = one_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

#: The regions that exist; AWS adds more from time to time.
REGIONS: Final = (
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "af-south-1", "ap-east-1", "ap-east-2"),
    *("ap-south-1", "ap-south-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3"),
    *("ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"),
    *("ap-southeast-7", "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1"),
    *("eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1"),
    *("me-central-1", "me-south-1", "mx-central-1", "sa-east-1"),
    *("cn-north-1", "cn-northwest-1", "us-gov-east-1", "us-gov-west-1"),
)


def partition_of(region: str) -> str:
    """The partition of a region: aws, aws-cn or aws-us-gov."""
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"


@cache
def format_of(name: str) -> Format:
    """The format of a `LeafKind`."""
    match name:
        case "key text":
            return Format(SOME_TEXT, SOME_TEXT)
        case "number":
            return Format(_number(), choice(_number(), _with_exponent()))
        case "base64":
            whole, some = _base64()
            return Format(choice(whole, some), choice(whole, some))
        case "key base64":
            some = sequence(times(_BASE64, 4), _base64()[0])
            return Format(choice(some, _base64()[1]), choice(some, _base64()[1]))
        case "sequence number":
            return Format(sequence(_NONZERO, times(DIGIT, 20, 39)), sequence(DIGIT, Repeated(DIGIT)))
        case "event ID":
            return Format(times(one_of("0123456789abcdef"), 32), ANY_TEXT)
        case "region":
            return Format(choice(*map(literal, REGIONS)), ANY_TEXT)
        case "stream ARN":
            return Format(choice(*map(stream_arns, REGIONS)), ANY_TEXT)
        case _:
            return Format(ANY_TEXT, ANY_TEXT)


def _number() -> Expression:
    """A number without an exponent: no leading and no trailing zeros, and no negative zero."""
    digits = Repeated(DIGIT)
    fraction = sequence(literal("."), digits, _NONZERO)
    whole = sequence(_NONZERO, digits, optional(fraction))
    return choice(
        literal("0"), sequence(optional(literal("-")), choice(whole, sequence(literal("0"), fraction)))
    )


def _with_exponent() -> Expression:
    return sequence(_number(), literal("E"), one_of("+-"), DIGIT, Repeated(DIGIT))


def _base64() -> tuple[Expression, Expression]:
    """Groups of four characters; and the same with a last group that is padded (unused bits are zero)."""
    groups = Repeated(times(_BASE64, 4))
    one_byte = sequence(_BASE64, one_of("AQgw"), literal("=="))
    two_bytes = sequence(_BASE64, _BASE64, one_of("AEIMQUYcgkosw048"), literal("="))
    return groups, sequence(groups, choice(one_byte, two_bytes))


def stream_arns(region: str) -> Expression:
    """ARNs of streams in a region (some of those that can exist: tables of 2010 to 2029)."""
    name = one_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
    day = sequence(literal("20"), one_of("12"), DIGIT, choice(*map(literal, _MONTHS)), literal("-"))
    day = sequence(day, choice(sequence(literal("0"), _NONZERO), sequence(one_of("12"), one_of("012345678"))))
    second = sequence(one_of("01"), DIGIT, times(sequence(literal(":"), one_of("012345"), DIGIT), 2))
    label = sequence(day, literal("T"), second, literal("."), times(DIGIT, 3))
    head = literal(f"arn:{partition_of(region)}:dynamodb:{region}:")
    table = sequence(times(DIGIT, 12), literal(":table/"), times(name, 3), Repeated(name))
    return sequence(head, table, literal("/stream/"), label)


_MONTHS: Final = tuple(f"-{month:02}" for month in range(1, 13))

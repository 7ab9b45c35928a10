"""Stream records of a small world, made and checked without the code under test: the measure for its answers."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

TEXTS = ["a", "az", "z", "ab", "b", "A", "1", "0", "-1", "x.y", "NEW", "new"]
NUMBERS = ["0", "1", "-1", "42", "3.5", "10"]
BINARIES = ["YQ==", "YXo=", "AQID"]
ARNS = {
    region: f"arn:aws:dynamodb:{region}:123456789012:table/orders/stream/2026-01-01T00:00:00.000"
    for region in ("us-east-1", "eu-west-1")
}
VIEWS = ["NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE", "KEYS_ONLY"]
EVENTS = ["INSERT", "MODIFY", "REMOVE"]
#: Key schemas of the tables of this world, as `pk:S,sk:N`.
KEYS = ["pk:S", "pk:S,sk:N", "pk:N", "pk:B", "a:S", "a.b:S"]
NAMES = ["a", "b", "a.b", "a.M.b", "pk", "sk", "status"]


def value(rng: Random, depth: int = 0) -> dict[str, Any]:
    kinds = ["S", "S", "N", "BOOL", "NULL", "B", "SS", "NS", *(["M", "L"] if depth < 2 else [])]
    kind = rng.choice(kinds)
    made: dict[str, Any] = {
        "S": rng.choice([*TEXTS, ""]),
        "N": rng.choice(NUMBERS),
        "BOOL": rng.random() < 0.5,
        "NULL": True,
        "B": rng.choice(BINARIES),
        "SS": rng.sample(TEXTS, 2),
        "NS": rng.sample(NUMBERS, 2),
    }
    if kind == "M":
        return {
            "M": {name: value(rng, depth + 1) for name in rng.sample(["a", "b", "a.b"], rng.randint(0, 2))}
        }
    if kind == "L":
        return {"L": [value(rng, depth + 1) for _ in range(rng.randint(0, 2))]}
    return {kind: made[kind]}


def record(rng: Random, event: str, view: str, key: str, region: str) -> dict[str, Any]:
    """A record as DynamoDB makes it."""
    scalars = {"S": TEXTS, "N": NUMBERS, "B": BINARIES}
    keys = {name: {letter: rng.choice(scalars[letter])} for name, letter in types(key).items()}
    change: dict[str, Any] = {"Keys": keys}
    new = view in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES") and event != "REMOVE"
    old = view in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES") and event != "INSERT"
    for image in [*(["NewImage"] if new else []), *(["OldImage"] if old else [])]:
        names = rng.sample(NAMES, rng.randint(0, 4))
        change[image] = {**{name: value(rng) for name in names}, **keys}
    if new and old and change["NewImage"] == change["OldImage"]:
        change["OldImage"]["version"] = {"N": "1"}
    change |= {
        "ApproximateCreationDateTime": rng.choice([1767225600.0, 1767225601]),
        "SequenceNumber": str(rng.randint(10**20, 10**21)),
        "SizeBytes": sum(
            size(change[image]) for image in ("Keys", "NewImage", "OldImage") if image in change
        ),
        "StreamViewType": view,
    }
    made = {
        "eventID": f"{rng.getrandbits(128):032x}",
        "eventName": event,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": region,
        "dynamodb": change,
        "eventSourceARN": ARNS[region],
    }
    if event == "REMOVE" and rng.random() < 0.3:
        made["userIdentity"] = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    return made


def records(rng: Random, count: int) -> Iterator[dict[str, Any]]:
    """Records of every event, view type, key schema and region, `count` of each."""
    for event, view, key, region in itertools.product(EVENTS, VIEWS, KEYS, ARNS):
        for _ in range(count):
            yield record(rng, event, view, key, region)


def types(key: str) -> dict[str, str]:
    return dict(part.split(":") for part in key.split(","))


def size(item: dict[str, Any]) -> int:
    return sum(len(name.encode()) + size_of(one) for name, one in item.items())


def size_of(value: dict[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "M":
        return 3 + len(content) + size(content)
    if kind == "L":
        return 3 + len(content) + sum(map(size_of, content))
    if kind in ("SS", "NS", "BS"):
        return sum(size_of({kind[0]: one}) for one in content)
    if kind == "S":
        return len(str(content).encode())
    if kind == "N":
        digits = len(str(content).lstrip("-").replace(".", "").strip("0"))
        return (digits + 1) // 2 + 1 + str(content).startswith("-")
    if kind != "B":
        return 1
    text = str(content)
    return len(text) // 4 * 3 - text.count("=")


# --- the checker ------------------------------------------------------------------------------------------


def complaints(made: dict[str, Any], key: str | None, view: str | None, region: str | None) -> list[str]:
    """Why DynamoDB would not have made this record; nothing where it would."""
    change, event = made["dynamodb"], made["eventName"]
    seen = change["StreamViewType"]
    images = {name: change[name] for name in ("Keys", "NewImage", "OldImage") if name in change}
    keys = images["Keys"]
    arn = r"arn:aws(-cn|-us-gov)?:dynamodb:" + re.escape(made["awsRegion"])
    wrong = {
        "event": event not in EVENTS,
        "view": seen not in VIEWS or (view is not None and seen != view),
        "version": made["eventVersion"] != "1.1" or made["eventSource"] != "aws:dynamodb",
        "event id": not re.fullmatch(r"[0-9a-f]{32}", made["eventID"]),
        "sequence": not re.fullmatch(r"[1-9][0-9]{20,39}", change["SequenceNumber"]),
        "region": not re.fullmatch(r"[a-z]{2}(-[a-z]+){1,2}-[0-9]", made["awsRegion"])
        or (region is not None and made["awsRegion"] != region),
        "arn": not re.fullmatch(
            arn + r":\d{12}:table/[\w.-]{3,255}/stream/\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}",
            made["eventSourceARN"],
        ),
        "time": not 1.4e9 < change["ApproximateCreationDateTime"] < 2.1e9
        or change["ApproximateCreationDateTime"] % 1 != 0,
        "identity": "userIdentity" in made
        and (
            event != "REMOVE"
            or made["userIdentity"] != {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
        ),
        "new image": ("NewImage" in images)
        != (seen in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES") and event != "REMOVE"),
        "old image": ("OldImage" in images)
        != (seen in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES") and event != "INSERT"),
        "key": {name: next(iter(one)) for name, one in keys.items()} != types(key) if key else len(keys) > 2,
        "key type": any(next(iter(one)) not in ("S", "N", "B") for one in keys.values()),
        "empty key": any(one in ({"S": ""}, {"B": ""}) for one in keys.values()),
        "key in images": any({**image, **keys} != image for image in images.values()),
        "unchanged": len(images) == 3 and images["NewImage"] == images["OldImage"],
        "size": change["SizeBytes"] != sum(map(size, images.values()))
        or type(change["SizeBytes"]) is not int,
        "large": any(size(image) > 400 * 1024 for image in images.values()),
        "fields": set(made) - {"userIdentity"}
        != {
            *(
                "eventID",
                "eventName",
                "eventVersion",
                "eventSource",
                "awsRegion",
                "dynamodb",
                "eventSourceARN",
            )
        },
        "values": not all(is_value(one) and name for image in images.values() for name, one in image.items()),
    }
    return [name for name, is_wrong in wrong.items() if is_wrong]


def is_value(one: dict[str, Any]) -> bool:
    if len(one) != 1:
        return False
    ((kind, content),) = one.items()
    match kind:
        case "S":
            return isinstance(content, str) and content.encode() is not None
        case "N":
            return bool(re.fullmatch(r"0|-?(0\.\d*|[1-9]\d*(\.\d*)?)(?<![.])", content)) and (
                "." not in content or content[-1] != "0"
            )
        case "B":
            return bool(
                re.fullmatch(r"([\w+/]{4})*([\w+/][AQgw]==|[\w+/]{2}[AEIMQUYcgkosw048]=)?", content, re.ASCII)
            )
        case "BOOL":
            return isinstance(content, bool)
        case "NULL":
            return content is True
        case "SS" | "NS" | "BS":
            return len(content) == len(set(content)) > 0 and all(
                is_value({kind[0]: part}) for part in content
            )
        case "M":
            return all(name and is_value(part) for name, part in content.items())
        case "L":
            return all(map(is_value, content))
        case _:
            return False

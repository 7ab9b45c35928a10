"""Failure paths, healthy and broken, each in its own way; what `verify --failure-path` must say of each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.strict.bench import fresh
from tests.strict.sabotage.ground import REGION

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.strict.sabotage.ground import Ground

ACCOUNT = "000000000000"
SECRET = ("--env", "TEST_ITEMS_KEY=a-secret-of-more-than-16-characters")
#: Handlers of the user's own.
SILENT = "def handler(event, context):\n    print(len(event['Records']))\n"
FAILS = "def handler(event, context):\n    raise ValueError('it fails on whatever it is given')\n"
NAMES = "def handler(event, context):\n    return {'batchItemFailures': []}\n"
_EVERYBODY: dict[str, Any] = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
_OF_ACCOUNT = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "kms:*",
    "Resource": "*",
}


@dataclass(frozen=True)
class Case:
    """One failure path.

    Attributes:
        build: Makes it. causes: The codes that must be among the causes.
        options: Of verify.
    """

    name: str
    build: Callable[[Ground], object]
    causes: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


def queue_arn(name: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def queue(ground: Ground, *, fifo: bool = False, policy: Any = None, key: str = "") -> str:
    name = fresh("failures") + (".fifo" if fifo else "")
    attributes = {
        **({"FifoQueue": "true"} if fifo else {}),
        **({"Policy": json.dumps({"Statement": policy})} if policy else {}),
        **({"KmsMasterKeyId": key} if key else {}),
    }
    ground.aws.upstream("sqs").create_queue(QueueName=name, Attributes=attributes)
    return queue_arn(name)


def bucket(ground: Ground, *, policy: Any = None) -> str:
    name, s3 = fresh("failures"), ground.aws.upstream("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    if policy:
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Statement": policy}))
    return f"arn:aws:s3:::{name}"


def topic(ground: Ground, *queues: str) -> str:
    sns = ground.aws.upstream("sns")
    arn = str(sns.create_topic(Name=fresh("failures"))["TopicArn"])
    for one in queues:
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=one)
    return arn


def closed_topic(ground: Ground) -> str:
    """A topic whose policy is about somebody else; the one that SNS makes is about the whole account."""
    arn = topic(ground)
    theirs = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sns:*", "Resource": "*"}
    ground.aws.upstream("sns").set_topic_attributes(
        TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps({"Statement": [theirs]})
    )
    return arn


def key(ground: Ground, *statements: Any, state: str = "") -> str:
    kms = ground.aws.upstream("kms")
    arn = str(kms.create_key()["KeyMetadata"]["Arn"])
    kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=json.dumps({"Statement": [*statements]}))
    if state:
        kms.disable_key(KeyId=arn)
    return arn


def allow(ground: Ground, *actions: str, resource: str = "*") -> None:
    """Give the function's role more rights, by hand."""
    statement = {"Effect": "Allow", "Action": [*actions], "Resource": resource}
    ground.aws.iam.put_role_policy(
        RoleName=ground.role, PolicyName="more", PolicyDocument=json.dumps({"Statement": statement})
    )


def own(
    *options: str, destination: Callable[[Ground], str] | None = None, view: str = ""
) -> Callable[[Ground], None]:
    """ddbinsert's own template, which fails by itself."""

    def build(ground: Ground) -> None:
        place = "create" if destination is None else destination(ground)
        more = ("--view-type", view) if view else ()
        ground.attach("--on-failure", place, "--retries", "2", *SECRET, *more, *options)

    return build


def foreign(
    *options: str, source: str = SILENT, destination: Callable[[Ground], str] | None = None, key: str = "pk:S"
) -> Callable[[Ground], None]:
    """A function of the user's own, for which a tap stands in."""

    def build(ground: Ground) -> None:
        place = "create" if destination is None else destination(ground)
        ground.attach_code(source, "--on-failure", place, "--retries", "2", *options, key=key)

    return build


def without_rights(build: Callable[[Ground], object]) -> Callable[[Ground], None]:
    """The same, after which the role lost its right to send to the destination."""

    def narrowed(ground: Ground) -> None:
        build(ground)
        iam = ground.aws.iam
        (name,) = iam.list_role_policies(RoleName=ground.role)["PolicyNames"]
        policy = iam.get_role_policy(RoleName=ground.role, PolicyName=name)["PolicyDocument"]
        kept = [one for one in policy["Statement"] if one.get("Sid") != "OnFailure"]
        document = json.dumps({**policy, "Statement": kept})
        iam.put_role_policy(RoleName=ground.role, PolicyName=name, PolicyDocument=document)

    return narrowed


def boundary(ground: Ground) -> None:
    """The role's policies allow it, and its own explicit denial takes it away again."""
    foreign()(ground)
    statement = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}
    ground.aws.iam.put_role_policy(
        RoleName=ground.role, PolicyName="denies", PolicyDocument=json.dumps({"Statement": statement})
    )


def encrypted(*statements: Any, rights: bool = True, state: str = "") -> Callable[[Ground], None]:
    """A queue with a key of the customer's."""

    def build(ground: Ground) -> None:
        arn = key(ground, *statements, state=state)
        foreign(destination=lambda own_ground: queue(own_ground, key=arn))(ground)
        if rights:
            allow(ground, "kms:GenerateDataKey", "kms:Decrypt", resource=arn)

    return build


def by_hand(build: Callable[[Ground], object], **settings: Any) -> Callable[[Ground], None]:
    """The same, with settings of the mapping changed by hand."""

    def changed(ground: Ground) -> None:
        build(ground)
        ground.change_mapping(**settings)
        ground.rig.settle(ground.mapping)

    return changed


def gone(ground: Ground) -> None:
    foreign()(ground)
    name = f"{ground.function}-failures"
    sqs = ground.aws.upstream("sqs")
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"])


BROKEN = [
    Case("no destination", lambda ground: ground.attach("--retries", "2"), ("no-on-failure",)),
    Case("a foreign function without one", lambda ground: ground.attach_code(SILENT, "--retries", "2"), ("no-on-failure",)),
    Case("endless retries", foreign("--retries", "-1", "--record-age", "-1"), ("endless-retries",)),
    Case("limited by age alone", foreign("--retries", "-1", "--record-age", "3600"), ("poison-held-up-others",)),
    Case("no bisection", foreign("--no-bisect", "--no-report-failures"), ("failed-batch-not-isolated",)),
    Case(
        "a handler that never answers", foreign("--no-bisect", "--report-failures"), ("partial-batch-never-answered",)
    ),
    Case(
        "a template that never answers",
        by_hand(
            own("--no-bisect", "--no-report-failures"), FunctionResponseTypes=["ReportBatchItemFailures"]
        ),
        ("partial-batch-never-answered",),
    ),
    Case(
        "answers that nobody understands",
        by_hand(own("--no-bisect"), FunctionResponseTypes=[]),
        ("partial-batch-contradiction",),
    ),
    Case("more retries than allowed", own("--retries", "5"), ("poison-retried-too-often",), ("--max-retries", "3")),
    Case("a queue that is gone", gone, ("failure-destination-missing",)),
    Case(
        "a FIFO queue",
        by_hand(
            foreign(), DestinationConfig={"OnFailure": {"Destination": queue_arn("failures.fifo")}}
        ),
        ("failure-destination-fifo",),
    ),
    Case(
        "a queue whose policy denies",
        foreign(destination=lambda ground: queue(ground, policy=_EVERYBODY)),
        ("failure-destination-refuses",),
    ),
    Case(
        "a queue whose policy denies all but others",
        foreign(
            destination=lambda ground: queue(
                ground,
                policy=[
                    {
                        "Effect": "Deny",
                        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                        "NotAction": ["sqs:ReceiveMessage"],
                        "Resource": "*",
                        "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/somebody-*"}},
                    }
                ],
            )
        ),
        ("failure-destination-refuses",),
    ),
    Case(
        "a bucket whose policy denies",
        foreign(destination=lambda ground: bucket(ground, policy=_EVERYBODY)),
        ("failure-destination-refuses",),
    ),
    Case("a queue without rights", without_rights(foreign()), ("failure-destination-denied",)),
    Case("a template's queue without rights", without_rights(own()), ("failure-destination-denied",)),
    Case("a bucket without rights", without_rights(foreign(destination=bucket)), ("failure-destination-denied",)),
    Case("a topic without rights", without_rights(foreign(destination=closed_topic)), ("failure-destination-denied",)),
    Case("a denial in the role", boundary, ("failure-destination-denied",)),
    Case("a key that the role has no right to", encrypted(_OF_ACCOUNT, rights=False), ("failure-destination-key-refuses",)),
    Case(
        "a key whose policy denies",
        encrypted(_OF_ACCOUNT, {**_EVERYBODY, "Action": "kms:GenerateDataKey*"}),
        ("failure-destination-key-refuses",),
    ),
    Case("a key that does not know the account", encrypted(), ("failure-destination-key-refuses",)),
    Case("a disabled key", encrypted(_OF_ACCOUNT, state="Disabled"), ("failure-destination-key-refuses",)),
    Case(
        "retries that take too long",
        own("--retries", "10000"),
        ("poison-held-up-others",),
        ("--max-hold-up", "3s"),
    ),
    Case(
        "retries that take too long, on a tap",
        foreign("--retries", "10000"),
        ("poison-held-up-others",),
        ("--max-hold-up", "3s"),
    ),
]  # fmt: skip


HEALTHY = [
    Case("a template", own()),
    Case("a foreign function", foreign()),
    Case("a template without bisection", own("--no-bisect")),
    Case("a template that raises", own("--no-report-failures")),
    Case("a template without the secret", lambda ground: ground.attach("--on-failure", "create", "--retries", "2")),
    Case("batches of one", foreign("--batch-size", "1", "--no-bisect", "--no-report-failures")),
    Case("a bucket", foreign(destination=bucket)),
    Case("a template's bucket", own(destination=bucket)),
    Case("a topic with a queue", foreign(destination=lambda ground: topic(ground, queue(ground)))),
    Case("a key with rights", encrypted(_OF_ACCOUNT)),
    Case(
        "a queue that refuses plain http",
        foreign(
            destination=lambda ground: queue(
                ground, policy={**_EVERYBODY, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
            )
        ),
    ),
    Case("keys alone, with a sort key", own(view="KEYS_ONLY")),
    Case("numbers and bytes as keys", foreign(key="pk:B,sk:N")),
    Case(
        "a filter of the user's own",
        foreign("--filter", json.dumps({"dynamodb": {"NewImage": {"status": {"S": ["NEW"]}}}})),
    ),
]  # fmt: skip

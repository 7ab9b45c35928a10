"""Which of AWS's habits the rig shows, and how long each takes. A group that is None is left to the emulator.

Delays are real ones cut short: what takes AWS five seconds takes the rig a few tenths, so that a suite can
run through it. They are seconds of the rig's clock, which a test may set by hand.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Tables:
    """DynamoDB's table and stream states, and how long no other change of a resource's policy is accepted."""

    creating: float = 0.25
    updating: float = 0.3
    deleting: float = 0.2
    policy_pause: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Functions:
    """Lambda's function states."""

    pending: float = 0.3
    updating: float = 0.2


@dataclass(frozen=True, kw_only=True)
class Roles:
    """What Lambda demands of an execution role.

    Args:
        propagation: A new role, or a changed trust policy, can't be assumed for so long.
        policy_propagation: A changed permission policy counts only after so long.
        never_assumable: Names of roles that Lambda can never assume.
        boundary: The ARN of the permissions boundary that each new role must have; empty for none.
    """

    propagation: float = 0.4
    policy_propagation: float = 0.3
    never_assumable: frozenset[str] = frozenset()
    boundary: str = ""


@dataclass(frozen=True, kw_only=True)
class Mappings:
    """Event source mappings of DynamoDB streams, played by the rig itself.

    Args:
        creating: State Creating.
        updating: States Updating, Enabling and Disabling.
        deleting: State Deleting.
        polling_delay: From Enabled to the first poll; with LATEST, records written in it are missed.
        update_lag: From the end of an update to its taking effect: the old settings go on until then.
        restart: A changed mapping stops polling for so long; one from LATEST then begins at the newest record, so that
            what was written meanwhile is never delivered (0 = it goes on where it was).
        retry_delay: Between two attempts at the same batch.
        age_scale: Seconds of record age counted for each real one, so that 60 s need not be waited for.
        duplicate_every: Every n-th batch is delivered twice (0 = never).
        throttle_every: Every n-th batch is throttled once before it is delivered (0 = never).
        jitter: Up to so many seconds of delay before a batch, so that shards overtake one another.
        filter_quota: How many filters a mapping may have.
        age: A new mapping shows as made so many seconds ago, and what it was made with has long been in force.
        decrypts: The caller may use the key that a filter is encrypted with: GetEventSourceMapping shows the filter.
        same_request_id: All attempts at a batch bear the id of the first, in every line that has it. Needs Logs.
    """

    creating: float = 0.3
    updating: float = 0.25
    deleting: float = 0.2
    polling_delay: float = 0.3
    update_lag: float = 0.2
    restart: float = 0.0
    retry_delay: float = 0.05
    age_scale: float = 1.0
    duplicate_every: int = 0
    throttle_every: int = 0
    jitter: float = 0.0
    filter_quota: int = 5
    age: float = 0.0
    decrypts: bool = False
    same_request_id: bool = False


@dataclass(frozen=True, kw_only=True)
class Streams:
    """The emulator's one shard shown as several, with a lineage.

    Args:
        shards: Open shards at the start; a record's partition key decides which one it is in.
        split_every: After so many records of the stream every shard closes and has children (0 = never).
        max_shards: Above so many, a closing shard has one child instead of two.
        child_hidden: DescribeStream shows a new generation only after so long.
        iterator_life: Then GetRecords gives ExpiredIteratorException.
        trim_after: Records older than this are gone.
        reads_per_second: GetRecords calls a shard answers each second (0 = any number).
        empty_answers: So many answers without a record come before each one that holds some.
        partiql: PartiQL's writes leave records like any other; the emulator forgets them.
        apart: Items whose partition key begins so have the first shard for themselves.
        hidden: Events (INSERT, …) that GetRecords leaves out: no habit of AWS's, but a reader must notice.
    """

    shards: int = 1
    split_every: int = 0
    max_shards: int = 8
    child_hidden: float = 0.0
    iterator_life: float = 900.0
    trim_after: float = 86400.0
    reads_per_second: int = 0
    empty_answers: int = 0
    apart: str = ""
    hidden: frozenset[str] = frozenset()
    partiql: bool = True


@dataclass(frozen=True, kw_only=True)
class Logs:
    """How CloudWatch Logs shows what was written.

    Args:
        lag: An event shows up to so long after its timestamp; each log stream has its own share of it,
            so that streams interleave and later events may show before earlier ones.
        page: Events a FilterLogEvents page holds at most.
        empty_page_every: Every n-th page is empty yet has a token (0 = never).
        permissions: A function whose role may not write logs leaves none, and no group comes by itself
            where the role may not create one.
        worded: Lambda's own lines read as on AWS, in the format that the function is configured for.
    """

    lag: float = 0.3
    page: int = 100
    empty_page_every: int = 3
    permissions: bool = True
    worded: bool = True


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """EventCount metrics of mappings that ask for them; needs Mappings.

    Args:
        lag: A datapoint shows so long after what it counts.
    """

    lag: float = 0.2


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A set of habits, put together by hand or from one of the ready ones below."""

    name: str = "custom"
    latency: float = 0.0
    regions: tuple[tuple[str, str], ...] = (
        ("us-east-1", "ENABLED_BY_DEFAULT"),
        ("eu-west-1", "ENABLED_BY_DEFAULT"),
        ("af-south-1", "DISABLED"),
        ("ap-east-1", "ENABLED"),
    )
    tables: Tables | None = None
    functions: Functions | None = None
    roles: Roles | None = None
    mappings: Mappings | None = None
    streams: Streams | None = None
    logs: Logs | None = None
    metrics: Metrics | None = None

    @classmethod
    def plain(cls, latency: float = 0.05) -> Profile:
        """The emulator as it is, further away."""
        return cls(name="plain", latency=latency)

    @classmethod
    def aws(cls) -> Profile:
        """All that AWS does every day."""
        return cls(
            name="aws",
            tables=Tables(),
            functions=Functions(),
            roles=Roles(),
            mappings=Mappings(jitter=0.02, same_request_id=True),
            streams=Streams(shards=4, reads_per_second=5),
            logs=Logs(),
            metrics=Metrics(),
        )

    @classmethod
    def hostile(cls) -> Profile:
        """What AWS does on a bad day, all at once: still nothing that its documentation rules out."""
        return cls(
            name="hostile",
            latency=0.005,
            tables=Tables(),
            functions=Functions(),
            roles=Roles(),
            mappings=Mappings(jitter=0.1, duplicate_every=3, throttle_every=4, same_request_id=True),
            streams=Streams(shards=3, split_every=20, child_hidden=0.2, reads_per_second=5),
            logs=Logs(lag=0.8, page=20, empty_page_every=2),
            metrics=Metrics(lag=0.5),
        )


PROFILES = {"aws": Profile.aws, "plain": Profile.plain, "hostile": Profile.hostile}

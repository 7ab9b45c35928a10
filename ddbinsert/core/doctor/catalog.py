"""Every check of doctor, in the order of cause and effect: earlier findings explain later ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ddbinsert.core.doctor.checks import (
    failures,
    filters,
    function,
    logs,
    mapping,
    role,
    sink,
    stream_policy,
    table,
    traffic,
)

if TYPE_CHECKING:
    from ddbinsert.core.doctor.model import Check

CHECKS: Final[tuple[Check, ...]] = (
    # Nothing is recorded, or nothing reads the stream.
    table.not_active,
    table.key_unusable,
    table.stream_off,
    function.missing,
    mapping.stale,
    mapping.missing,
    mapping.disabled,
    mapping.stuck,
    mapping.differs,
    # Permissions are missing.
    role.missing,
    role.not_assumable,
    role.boundary,
    role.stale_policy,
    stream_policy.lacking,
    role.permission,
    table.decrypt_denied,
    # The filter passes nothing, or too much.
    filters.hidden,
    filters.NEVER,
    filters.UNREADABLE,
    filters.NO_FILTER,
    filters.TOO_WIDE,
    filters.NUMERIC,
    filters.VIEW,
    filters.dead_part,
    filters.everything_filtered,
    # The function does not run.
    function.not_active,
    function.concurrency_zero,
    traffic.import_error,
    traffic.unlogged_errors,
    function.code_changed,
    sink.loop,
    sink.missing,
    sink.not_found,
    role.sink,
    traffic.poison,
    traffic.timeouts,
    traffic.errors,
    mapping.problem,
    mapping.durable,
    # The function's work is lost, or cannot be observed.
    failures.partial_batch,
    failures.discarded,
    failures.destination_missing,
    role.destination,
    logs.missing,
    role.logs,
    traffic.unprocessed,
    # Deliveries are late, or at risk.
    traffic.lag,
    traffic.throttled,
    traffic.timeout_near,
    function.update_failed,
    function.account_concurrency,
    mapping.second,
    table.third_reader,
    failures.endless,
    failures.destination_full,
    sink.throttled,
    table.view_without_image,
    table.ttl_delivered,
    table.orphan_mapping,
    table.orphan_tap,
    role.too_wide,
    function.runtime,
    function.code_storage,
    # Notes.
    function.inactive,
    function.pinned,
    mapping.latest,
    failures.no_destination,
    failures.unused_destination,
    mapping.window,
    mapping.many_filters,
    table.global_table,
    table.unfiltered_sibling,
    logs.group_class,
    logs.retention,
    logs.protected,
    logs.level,
    function.environment,
)

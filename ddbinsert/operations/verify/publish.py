"""Publishing a proof as CloudWatch metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.proof.proof import Proof


def publish(aws: Aws, proof: Proof) -> None:
    """Publish the result of one run.

    Raises:
        AwsError: cloudwatch:PutMetricData was denied.
    """
    from ddbinsert.aws.write import publish_metrics

    publish_metrics.publish(aws, proof)

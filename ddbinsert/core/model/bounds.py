"""AWS's documented bounds as plain numbers and texts, without the annotated types of ``limits``."""

from __future__ import annotations

from typing import Final

#: Maximum size in bytes of all environment variables together, as one JSON object.
ENVIRONMENT_BYTES: Final = 4096
#: Maximum size in bytes of an archive in a request to Lambda; a larger one must be uploaded to S3.
LARGEST_UPLOAD: Final = 50 * 1024 * 1024
#: Maximum size in bytes of a function's unzipped code, including its layers.
LARGEST_UNZIPPED: Final = 250 * 1024 * 1024
#: Code that is not a local path: an archive in S3, or a container image in ECR.
REMOTE_CODE: Final = r"s3://.+|[0-9]{12}\.dkr\.ecr\..+"
#: A table's name: the allowed characters and their number.
TABLE_NAME: Final = r"[a-zA-Z0-9_.-]+"
TABLE_NAME_LENGTH: Final = (3, 255)
#: Maximum duration of an invocation in seconds: docs/aws-facts.md#function-limits.
LONGEST_TIMEOUT: Final = 1800

"""AWS's documented bounds as plain numbers and texts, for code that needs no annotated type of ``limits``."""

from __future__ import annotations

from typing import Final

#: Bytes of all environment variables together, written as one JSON object.
ENVIRONMENT_BYTES: Final = 4096
#: Bytes of an archive that Lambda takes in a request; a larger one goes through S3.
LARGEST_UPLOAD: Final = 50 * 1024 * 1024
#: Bytes of a function's code unzipped, its layers included.
LARGEST_UNZIPPED: Final = 250 * 1024 * 1024
#: Code that is no path: an archive in S3, a container image in ECR.
REMOTE_CODE: Final = r"s3://.+|[0-9]{12}\.dkr\.ecr\..+"
#: A table's name: the characters, and how many of them.
TABLE_NAME: Final = r"[a-zA-Z0-9_.-]+"
TABLE_NAME_LENGTH: Final = (3, 255)
#: Seconds that an invocation may take at most: docs/aws-facts.md#function-limits.
LONGEST_TIMEOUT: Final = 1800

"""Regions, endpoint addresses and CA bundles, checked before anything is sent."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

from ddbinsert.errors import AwsError, ConfigurationError

#: The domains of the AWS partitions, from botocore's endpoints.json and partitions.json.
_AWS_DOMAINS = (
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".api.aws",
    ".api.amazonwebservices.com.cn",
)
_REGION = re.compile(r"[a-z]{2,8}(?:-[a-z]+)+-[0-9]{1,2}")
#: A label of a host name: botocore uses a region's name as one.
_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")


def check_address(url: str | None, service: str) -> None:
    """Check the address of a service's endpoint.

    Raises:
        ConfigurationError: It is not a valid address.
    """
    problem = "" if url is None else address_problem(url)
    if problem:
        raise ConfigurationError(
            f"The endpoint of {service} is not a valid address: {url!r:.200} ({problem}).",
            hint="Write http://HOST:PORT or https://HOST in --endpoint-url or AWS_ENDPOINT_URL.",
            code="bad-endpoint",
        )


def address_problem(url: str) -> str:
    """What is wrong with an endpoint's address; empty if nothing is."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme not in ("http", "https"):
        return "it does not begin with http:// or https://"
    if not host or re.search(r"\s", url):
        return "it has no host" if not host else "it contains white space"
    return "port 0 can't be used" if port == 0 else ""


def address_unless_aws(url: str) -> str | None:
    """An endpoint's address; None if it is AWS."""
    return None if (urlsplit(url).hostname or "").endswith(_AWS_DOMAINS) else url


def check_region(region: str | None) -> None:
    """Check the form of a region's name.

    Raises:
        AwsError: It cannot be a region; code ``bad-region``.
    """
    if region is not None and not _LABEL.fullmatch(region):
        raise AwsError(
            f"{region!r:.80} is not a valid AWS region.",
            hint=f"Correct --region, AWS_REGION or connection.region{nearest_region(region)}.",
            code="bad-region",
        )


def nearest_region(region: str) -> str:
    """The end of a hint, ``; did you mean …``; empty if the region exists, or if no region is similar."""
    from difflib import get_close_matches

    known = known_regions()
    plain = re.sub(r"[^a-z0-9-]+", "-", region.strip().lower())
    if region in known:
        return ""
    near = get_close_matches(plain, known, n=3, cutoff=0.8)
    return f"; did you mean {' or '.join(near)}" if near else ""


def is_unknown_region(region: str) -> bool:
    """Whether no AWS partition has this region, according to the installed botocore."""
    return region not in known_regions()


def known_regions() -> list[str]:
    """The regions of every partition, according to the installed botocore."""
    from botocore.loaders import Loader

    table = Loader().load_data("partitions")
    return sorted(
        {
            name
            for partition in table["partitions"]
            for name in partition["regions"]
            if _REGION.fullmatch(name)
        }
    )


def check_ca_bundle(path: object) -> None:
    """Check that the CA bundle exists; botocore would report a missing one as a connection failure.

    Raises:
        ConfigurationError: It does not exist.
    """
    if isinstance(path, str) and path and not os.path.exists(os.path.expanduser(path)):  # noqa: PTH110, PTH111 - Path's own raises for an unknown user
        raise ConfigurationError(
            f"The CA bundle {path} does not exist.",
            hint="Correct AWS_CA_BUNDLE, or ca_bundle in ~/.aws/config.",
            code="ca-bundle",
        )


def not_connected(service: str, error: ValueError) -> AwsError:
    """The error for a client that could not be created with the settings at hand."""
    if "invalid literal" in str(error):
        value = str(error).rpartition(": ")[2]
        return AwsError(
            f"Could not connect to {service}: {value} is not a valid number.",
            hint="Correct AWS_METADATA_SERVICE_TIMEOUT, AWS_METADATA_SERVICE_NUM_ATTEMPTS or AWS_MAX_ATTEMPTS, or the "
            "setting in ~/.aws/config.",
            code="aws-configuration",
        )
    return AwsError(
        f"Could not connect to {service}: {error}.",
        hint="Check --endpoint-url, AWS_ENDPOINT_URL, --region and ~/.aws/config.",
        code="bad-endpoint",
    )

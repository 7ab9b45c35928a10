"""What to try if no answer can be read from an endpoint."""

from __future__ import annotations


def unreachable_hint(kinds: set[str], said: str) -> str:
    """The hint for an error of botocore's.

    Args:
        kinds: Names of the error's class and of those above it.
        said: Its message.
    """
    if "ProxyConnectionError" in kinds:
        return "Check HTTPS_PROXY and HTTP_PROXY, and list hosts that need no proxy in NO_PROXY."
    if "WRONG_VERSION_NUMBER" in said or "record layer failure" in said.lower():
        return (
            "The endpoint does not use TLS: use http:// in --endpoint-url, or check the port and HTTPS_PROXY."
        )
    if "certificate is not yet valid" in said or "certificate has expired" in said:
        return "Correct the clock of this machine if it is wrong; else renew the endpoint's or the proxy's certificate."
    if "SSLError" in kinds or "CERTIFICATE" in said.upper():
        return (
            "Set AWS_CA_BUNDLE (or ca_bundle in ~/.aws/config) to a file with the certificate of the authority that "
            "signed the endpoint's or the proxy's certificate."
        )
    return (
        "Check --endpoint-url, --region, the network and HTTPS_PROXY; the state of the embedded emulator is shown "
        "by local status."
    )

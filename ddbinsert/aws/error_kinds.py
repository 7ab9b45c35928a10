"""Kinds of botocore's own errors: the names of their classes, because not every version has all of them."""

from __future__ import annotations

#: botocore's own errors, by class name; subclasses are treated like their parent.
NO_IDENTITY = frozenset({"NoCredentialsError", "NoAuthTokenError"})
SIGNED_OUT = frozenset(
    {
        "LoginError",
        "RefreshWithMFAUnsupportedError",
        "SSOError",
        "TokenRetrievalError",
    }
)
BAD_REGION = frozenset(
    {
        "EndpointProviderError",
        "EndpointVariantError",
        "InvalidRegionError",
        "ServiceNotInRegionError",
        "UnknownEndpointError",
        "UnknownFIPSEndpointError",
        "UnknownRegionError",
    }
)
MISCONFIGURED = frozenset(
    {
        "ConfigNotFound",
        "ConfigParseError",
        "InvalidChecksumConfigError",
        "InvalidConfigError",
        "InvalidDefaultsMode",
        "InvalidEndpointConfigurationError",
        "InvalidEndpointDiscoveryConfigurationError",
        "InvalidIMDSEndpointError",
        "InvalidIMDSEndpointModeError",
        "InvalidProxiesConfigError",
        "InvalidRetryConfigurationError",
        "InvalidSTSRegionalEndpointsConfigError",
        "MissingDependencyException",
        "UnknownCredentialError",
        "UnknownSignatureVersionError",
        "UnknownTokenProviderError",
        "UnsupportedSignatureVersionError",
    }
)
UNREACHABLE = frozenset(
    {"ConnectionError", "HTTPClientError", "IncompleteReadError", "MetadataRetrievalError"}
)

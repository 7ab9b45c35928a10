"""IP addresses as Event Ruler reads them: decimal octets with any leading zeros; no zones, no dotted IPv6."""

from __future__ import annotations

import re

_IPV4 = re.compile(r"([0-9]{1,12})\.([0-9]{1,12})\.([0-9]{1,12})\.([0-9]{1,12})")
_IPV6 = re.compile(r"[0-9a-fA-F:]+")


def parse_address(text: str) -> tuple[int, int] | None:
    """(version, address as an integer), or None if `text` is not an address.

    An IPv4 address in the form of IPv6 (::ffff:a00:1) is the IPv4 address, as in Java.
    """
    quad = _IPV4.fullmatch(text)
    if quad:
        octets = [int(octet) for octet in quad.groups()]
        if max(octets) > 255:
            return None
        return 4, int.from_bytes(bytes(octets), "big")
    if ":" not in text or len(text) > 39 or not _IPV6.fullmatch(text):
        return None
    import ipaddress

    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped
    return (4, int(mapped)) if mapped is not None else (6, int(address))


def address_bits(version: int) -> int:
    return 32 if version == 4 else 128

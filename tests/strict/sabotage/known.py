"""Cases that verify still answers wrongly: each name with the answer that it gives.

The tests expect these answers to be wrong. Whoever makes one right removes its entry: the test fails until then.
"""

from __future__ import annotations

KNOWN: dict[str, str] = {}

"""A target of fuzzing, its seeds, and how inputs are made of them."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

SEEDS = Path(__file__).parent / "seeds"
#: Seeds that once made a target fail begin so.
FOUND = "found-"
_MOST_EDITS = 4


@dataclass(frozen=True, kw_only=True)
class Target:
    """Something that reads bytes from outside.

    Attributes:
        name: The name of its folder of seeds, too.
        check: Reads an input; raises for a finding: any exception but the project's own, or two answers that differ.
        tokens: Texts that mean something to it, which mutations insert.
        structured: Inputs that are valid, or nearly so; None where mutations of the seeds are enough.
    """

    name: str
    check: Callable[[bytes], None]
    tokens: tuple[str, ...]
    structured: Callable[[], st.SearchStrategy[bytes]] | None = None

    @cached_property
    def seeds(self) -> dict[str, bytes]:
        """Seeds by their file names."""
        return {path.name: path.read_bytes() for path in sorted((SEEDS / self.name).iterdir())}

    def inputs(self) -> st.SearchStrategy[bytes]:
        """Structured inputs, seeds with some edits, and arbitrary bytes."""
        seeds = list(self.seeds.values())
        ways = [_mutated(seeds, [token.encode() for token in self.tokens])] * 3
        if self.structured is not None:
            structured = self.structured()
            ways += [
                structured,
                structured,
                _edited(structured, seeds, [one.encode() for one in self.tokens]),
            ]
        return st.one_of(*ways, st.binary(max_size=60))

    def keep(self, data: bytes) -> Path:
        """Keep an input that is a finding, as a seed that every test run replays."""
        path = SEEDS / self.name / f"{FOUND}{hashlib.sha256(data).hexdigest()[:8]}"
        path.write_bytes(data)
        return path


def _mutated(seeds: list[bytes], tokens: list[bytes]) -> st.SearchStrategy[bytes]:
    return _edited(st.sampled_from(seeds), seeds, tokens)


@st.composite
def _edited(
    draw: st.DrawFn, inputs: st.SearchStrategy[bytes], seeds: list[bytes], tokens: list[bytes]
) -> bytes:
    """An input with up to some edits: spans removed, repeated, replaced by tokens or by spans of other seeds."""
    data = draw(inputs)
    for _ in range(draw(st.integers(0, _MOST_EDITS))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(0, 30)))
        match draw(st.integers(0, 4)):
            case 0:
                piece = b""
            case 1:
                piece = data[at:end] * 2
            case 2:
                other = draw(st.sampled_from(seeds))
                start = draw(st.integers(0, len(other)))
                piece = other[start : start + draw(st.integers(1, 60))]
            case 3:
                piece = draw(st.binary(max_size=3))
            case _:
                piece = draw(st.sampled_from(tokens))
        data = data[:at] + piece + data[end:]
    return data


_JUNK: tuple[Any, ...] = (None, 7, -1, 1e300, True, "", "x", "2026", "\ud800", [], {}, [None], {"a": 1}, [[]])


@st.composite
def mangled(draw: st.DrawFn, seeds: list[bytes], first: int = 1) -> bytes:
    """A JSON document of the seeds in which some values are removed, or replaced by values of other types.

    Args:
        first: The input's first byte is below this; 1 for documents without such a byte.
    """
    has_byte = first > 1
    document = json.loads(draw(st.sampled_from(seeds))[has_byte:])
    for _ in range(draw(st.integers(1, 3))):
        holder, step = document, None
        while isinstance(holder, (dict, list)) and holder:
            names = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            step = draw(st.sampled_from(names))
            if not isinstance(holder[step], (dict, list)) or not holder[step] or draw(st.integers(0, 3)) == 0:
                break
            holder = holder[step]
        if step is None:
            break
        if isinstance(holder, dict) and draw(st.booleans()):
            del holder[step]
        else:
            holder[step] = copy.deepcopy(draw(st.sampled_from(_JUNK)))
    text = json.dumps(document).encode()
    return bytes([draw(st.integers(0, first - 1))]) + text if has_byte else text


@cache
def recorded(name: str, *only: str) -> list[bytes]:
    """The seeds of a target that are no findings; some of them by name."""
    found = {path.name: path.read_bytes() for path in sorted((SEEDS / name).iterdir())}
    return [data for one, data in found.items() if (one in only if only else not one.startswith(FOUND))]


def split(tokens: str) -> tuple[str, ...]:
    """Tokens that are separated by ``¦``."""
    return tuple(tokens.split("¦"))


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "replace")

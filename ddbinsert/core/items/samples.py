"""The test items of one `send`: what each holds, by its number, so that none has to be remembered; and what became of them."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from ddbinsert.core.items.convert import Item, key_in, with_key
from ddbinsert.core.items.run_key import key_of
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.model.record import KeySchema


@dataclass(frozen=True, kw_only=True)
class Samples:
    """Test items 0 to ``count`` - 1.

    Attributes:
        run_id: 12 lower-case hexadecimal digits; stands in every key attribute that is made here.
        templates: The user's items, gone through again and again; their keys fit ``schema`` as far as they go.
            Without any, an item holds its key and a note about its run.
    """

    schema: KeySchema
    run_id: str
    count: int
    templates: tuple[Item, ...] = ()

    def item(self, number: int) -> Item:
        made = key_of(self.schema, self.run_id, number)
        if self.templates:
            return with_key(self.templates[number % len(self.templates)], self.schema, made)[0]
        return {**made, self.note: self._content(number, modified=False)}

    def key(self, number: int) -> Item:
        return key_in(self.item(number), self.schema)

    def modified(self) -> Item:
        """The attribute that a modification sets, and to what."""
        return {self.note: {"M": {"run": {"S": self.run_id}, "modified": {"BOOL": True}}}}

    @property
    def note(self) -> str:
        """An attribute that is not part of the key."""
        return "ddbinsert" if "ddbinsert" not in self.schema.types else "ddbinsert_note"

    def _content(self, number: int, *, modified: bool) -> dict[str, Item]:
        return {
            "M": {
                "run": {"S": self.run_id},
                "number": {"N": str(number)},
                "modified": {"BOOL": modified},
            }
        }

    def is_made(self, number: int) -> bool:
        """Whether the key, or a part of it, is made here: then it is like no other item's."""
        if not self.templates:
            return True
        template = self.templates[number % len(self.templates)]
        return any(name not in template for name in self.schema.types)

    def made(self) -> Iterator[int]:
        return (number for number in range(self.count) if self.is_made(number))

    def own(self) -> Iterator[int]:
        """Numbers of the items whose keys the user gave."""
        return (number for number in range(self.count) if not self.is_made(number))


@dataclass(kw_only=True)
class Sent:
    """What was done so far.

    Attributes:
        inserted: Items that were written. modified, removed: Likewise, as parts of the test.
        cleaned: Items that were removed in cleaning up.
        left: Items that are, or may be, still there.
        existing: Keys of items that were there before, and were left as they are.
        uncertain: Keys for which AWS's answer is missing: there may be an item, of this run or from before.
        seconds: How long inserting took.
        keys: The first few keys.
    """

    table: str
    run_id: str
    kept: bool
    inserted: int = 0
    modified: int = 0
    removed: int = 0
    cleaned: int = 0
    left: int = 0
    existing: list[Item] = field(default_factory=list)
    uncertain: list[Item] = field(default_factory=list)
    seconds: float = 0.0
    keys: list[Item] = field(default_factory=list)

    @property
    def rate(self) -> float | None:
        """Inserts a second."""
        return self.inserted / self.seconds if self.seconds > 0 else None

"""The test items of one `send`, each derived from its number so that none is kept in memory, and the result."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from ddbinsert.core.items.convert import Item, key_in
from ddbinsert.core.items.item_key import with_key
from ddbinsert.core.items.run_key import key_of
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.model.record import KeySchema


@dataclass(frozen=True, kw_only=True)
class Samples:
    """Test items 0 to ``count`` - 1.

    Attributes:
        run_id: 12 lower-case hexadecimal digits; part of every generated key attribute.
        templates: The user's items, used in turn; the key attributes that they have fit ``schema``. Without
            templates, an item has its key and a note about its run.
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
        """The attribute that a modification sets, and its new value."""
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

    def is_generated(self, number: int) -> bool:
        """Whether the key, or a part of it, is generated, and so differs from every other item's."""
        if not self.templates:
            return True
        template = self.templates[number % len(self.templates)]
        return any(name not in template for name in self.schema.types)

    def generated_numbers(self) -> Iterator[int]:
        return (number for number in range(self.count) if self.is_generated(number))

    def own(self) -> Iterator[int]:
        """The numbers of the items whose keys the user gave."""
        return (number for number in range(self.count) if not self.is_generated(number))


@dataclass(kw_only=True)
class Sent:
    """The writes so far.

    Attributes:
        inserted: Number of items written.
        modified, removed: Number of items modified and removed as parts of the test.
        cleaned: Number of items removed by the cleanup.
        left: Number of items that still exist, or may.
        existing: Keys of items that existed before and were not changed.
        changed: Keys of items that this run wrote and another writer replaced or changed since; they were left.
        uncertain: Keys of writes without an answer from AWS: an item may exist, of this run or from before.
        seconds: Duration of the inserts in seconds.
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
    changed: list[Item] = field(default_factory=list)
    uncertain: list[Item] = field(default_factory=list)
    seconds: float = 0.0
    keys: list[Item] = field(default_factory=list)

    @property
    def rate(self) -> float | None:
        """Inserts per second."""
        return self.inserted / self.seconds if self.seconds > 0 else None

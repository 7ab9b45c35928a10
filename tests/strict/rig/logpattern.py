"""CloudWatch Logs filter patterns: terms, phrases, exclusions, alternatives, regexes and simple JSON selectors.

Terms are case-sensitive and match anywhere in a message. Of the JSON language this knows comparisons with
= and != joined by && or ||; what it doesn't know it refuses, as AWS refuses what it can't parse.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from .wire import Refusal

Matcher = Callable[[str], bool]

_TERM = re.compile(r'\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]+)%|(\S+))')
_COMPARISON = re.compile(r'^\(?\s*\$\.([\w.\[\]]+)\s*(!?=)\s*("(?:[^"\\]|\\.)*"|[^\s"()]+)\s*\)?$')


@lru_cache(maxsize=256)
def compile_log_pattern(pattern: str) -> Matcher:
    """A test for messages.

    Raises:
        Refusal: InvalidParameterException where AWS would give it.
    """
    text = pattern.strip()
    if not text:
        return lambda _message: True
    if text.startswith("{"):
        return _json_matcher(text)
    if text.startswith("["):
        raise Refusal("InvalidParameterException", f"The rig knows no space-delimited patterns: {text}")
    return _terms_matcher(text)


def _terms_matcher(text: str) -> Matcher:
    needed: list[Matcher] = []
    banned: list[Matcher] = []
    optional: list[Matcher] = []
    groups = {"": needed, "-": banned, "?": optional}
    for sign, phrase, regex, word in _TERM.findall(text):
        if word and not re.fullmatch(r"[\w.]+", word):
            raise Refusal("InvalidParameterException", f"Invalid character(s) in term '{word}'")
        groups[sign].append(_term(phrase, regex, word))
    either = optional if not needed else []  # AWS ignores ?terms beside required ones

    def matches(message: str) -> bool:
        if any(test(message) for test in banned):
            return False
        return all(test(message) for test in needed) and (not either or any(test(message) for test in either))

    return matches


def _term(phrase: str, regex: str, word: str) -> Matcher:
    if regex:
        compiled = re.compile(regex)
        return lambda message: compiled.search(message) is not None
    wanted = word or re.sub(r"\\(.)", r"\1", phrase)
    return lambda message: wanted in message


def _json_matcher(text: str) -> Matcher:
    inner = text.removeprefix("{").removesuffix("}").strip()
    alternatives = [[_comparison(part) for part in either.split("&&")] for either in inner.split("||")]

    def matches(message: str) -> bool:
        try:
            document = json.loads(message)
        except ValueError:
            return False
        return any(all(test(document) for test in tests) for tests in alternatives)

    return matches


def _comparison(text: str) -> Callable[[Any], bool]:
    found = _COMPARISON.match(text.strip())
    if not found:
        raise Refusal("InvalidParameterException", f"Invalid filter pattern: {text.strip()}")
    path, operator, literal = found[1].split("."), found[2], found[3]
    wanted = json.loads(literal) if literal.startswith('"') else literal

    def holds(document: Any) -> bool:
        value = document
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if value is None or isinstance(value, dict | list):
            return False
        return fnmatch.fnmatchcase(_spelled(value), wanted) is (operator == "=")

    return holds


def _spelled(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)

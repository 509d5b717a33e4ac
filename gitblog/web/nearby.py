"""Which pages somebody may have meant who asked for an address that nothing holds."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Final

from gitblog.index.queries import Snapshot
from gitblog.index.views import Neighbour

_OFFERED: Final = 3
# From here on two last parts of addresses look like one and the same with a slip in it.
_ALIKE: Final = 0.72
# Longer ones are made by programs, and comparing takes time.
_LONGEST_CHARACTERS: Final = 120


def nearby(snapshot: Snapshot, address: str) -> tuple[Neighbour, ...]:
    """Give the documents whose last part of the address is most like the one asked for, the best first."""
    asked = _last_part(address)
    if not asked or len(address) > _LONGEST_CHARACTERS:
        return ()
    matcher = SequenceMatcher(None, b=asked)
    ranked = []
    for candidate in snapshot.candidates(address):
        matcher.set_seq1(_last_part(candidate.address))
        # The two bounds are cheap, and most candidates end there.
        if matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE:
            ranked.append((-matcher.ratio(), candidate.address, candidate))
    return tuple(candidate for unlike, _, candidate in sorted(ranked)[:_OFFERED] if -unlike >= _ALIKE)


def _last_part(address: str) -> str:
    last = address.rstrip("/").rpartition("/")[2].lower()
    return last.removesuffix(".html").removesuffix(".htm").removesuffix(".md").replace("_", "-")

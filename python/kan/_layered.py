"""The layout of a graph without cycles: columns from left to right, so that links rarely cross.

Boxes stand left of all that they lead to. A long link runs through a slot in every column on its
way, and the long links of one box share their slots.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Layout", "layered"]

GAP_BETWEEN_COLUMNS = 44.0
GAP_IN_COLUMN = 14.0
SLOT_HEIGHT = 4.0
SWEEPS = 6

Point = tuple[float, float]


@dataclass(frozen=True)
class Layout:
    """Centers of boxes, the points every link runs through, and the size of it all."""

    centers: list[Point]
    routes: list[list[Point]]
    width: float
    height: float


def layered(sizes: list[tuple[float, float]], links: list[tuple[int, int]]) -> Layout:
    """Place boxes (width, height); `links` are (source, target), and box 0 is the last target."""
    table = _Table(sizes, links)
    table.order()
    table.space()
    return table.layout(links)


class _Table:
    """Boxes and slots in columns; both are items, the boxes first."""

    def __init__(self, sizes: list[tuple[float, float]], links: list[tuple[int, int]]) -> None:
        self.sizes = list(sizes)
        self.column = _columns(len(sizes), links)
        self.slots: dict[tuple[int, int], int] = {}
        self.before: list[list[int]] = [[] for _ in sizes]
        self.after: list[list[int]] = [[] for _ in sizes]
        for source, target in links:
            way = self._way(source, self.column[target])
            self._join(way[-1], target)
        self.columns = self._discovered()
        self.y = [0.0] * len(self.sizes)

    def _way(self, source: int, column: int) -> list[int]:
        """Return the source and its slots up to a column; slots that are missing are made."""
        way = [source]
        for between in range(self.column[source] + 1, column):
            slot = self.slots.get((source, between))
            if slot is None:
                slot = self.slots[source, between] = len(self.sizes)
                self.sizes.append((0.0, SLOT_HEIGHT))
                self.column.append(between)
                self.before.append([])
                self.after.append([])
                self._join(way[-1], slot)
            way.append(slot)
        return way

    def _join(self, left: int, right: int) -> None:
        self.after[left].append(right)
        self.before[right].append(left)

    def _discovered(self) -> list[list[int]]:
        """Return the columns, each in the order in which a walk back from box 0 meets the items."""
        columns: list[list[int]] = [[] for _ in range(max(self.column) + 1)]
        seen, stack = set(), [0]
        while stack:
            item = stack.pop()
            if item not in seen:
                seen.add(item)
                columns[self.column[item]].append(item)
                stack += reversed(self.before[item])
        return columns

    def order(self) -> None:
        """Move items to the middle of their neighbours, while that leaves fewer crossings."""
        best, fewest = self.columns, self._crossings()
        for sweep in range(SWEEPS):
            if not fewest:
                break
            self.columns = [list(items) for items in self.columns]
            if sweep % 2 == 0:
                for left, right in reversed(list(pairwise(self.columns))):
                    _sort_by_middle(left, right, self.after)
            else:
                for left, right in pairwise(self.columns):
                    _sort_by_middle(right, left, self.before)
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = self.columns, crossings
        self.columns = best

    def _crossings(self) -> int:
        count = 0
        for left, right in pairwise(self.columns):
            place = {one: number for number, one in enumerate(right)}
            above: list[int] = []  # where the links from further up arrive, sorted
            for item in left:
                ends = sorted(place[other] for other in self.after[item])
                count += sum(len(above) - bisect_right(above, end) for end in ends)
                for end in ends:
                    insort(above, end)
        return count

    def space(self) -> None:
        """Give every item a height, near those of its neighbours and clear of its column."""
        for items in self.columns:
            self._settle(items, [0.0] * len(items))
        for sweep in range(2 * SWEEPS):
            for items in self.columns[::-1] if sweep % 2 == 0 else self.columns:
                self._settle(items, [self._middle(one) for one in items])

    def _middle(self, item: int) -> float:
        beside = self.before[item] + self.after[item]
        return sum(self.y[one] for one in beside) / len(beside) if beside else 0.0

    def _settle(self, items: list[int], wishes: list[float]) -> None:
        """Place items of a column as near to their wishes as their heights allow."""
        offsets = [0.0]
        for upper, lower in pairwise(items):
            heights = (self.sizes[upper][1] + self.sizes[lower][1]) / 2
            offsets.append(offsets[-1] + heights + GAP_IN_COLUMN)
        level = _rising([wish - offset for wish, offset in zip(wishes, offsets, strict=True)])
        for item, height, offset in zip(items, level, offsets, strict=True):
            self.y[item] = height + offset

    def layout(self, links: list[tuple[int, int]]) -> Layout:
        """Return where everything stands, from (0, 0) on."""
        widths = [max(self.sizes[one][0] for one in items) for items in self.columns]
        lefts = [sum(widths[:n]) + n * GAP_BETWEEN_COLUMNS for n in range(len(widths))]
        tops = [self.y[one] - size[1] / 2 for one, size in enumerate(self.sizes)]
        bottoms = [self.y[one] + size[1] / 2 for one, size in enumerate(self.sizes)]
        ys = [y - min(tops) for y in self.y]
        xs = [lefts[column] + widths[column] / 2 for column in self.column]
        rights = [left + width for left, width in zip(lefts, widths, strict=True)]
        routes = []
        for source, target in links:
            start, end = self.column[source], self.column[target]
            route = [(xs[source] + self.sizes[source][0] / 2, ys[source])]
            route.append((rights[start], ys[source]))
            for slot in self._way(source, end)[1:]:
                column = self.column[slot]
                route += [(lefts[column], ys[slot]), (rights[column], ys[slot])]
            route.append((lefts[end], ys[target]))
            routes.append([*route, (xs[target] - self.sizes[target][0] / 2, ys[target])])
        count = len(self.before)
        centers = list(zip(xs, ys, strict=True))[: count - len(self.slots)]
        return Layout(centers, routes, lefts[-1] + widths[-1], max(bottoms) - min(tops))


def _columns(count: int, links: list[tuple[int, int]]) -> list[int]:
    """Return the column of each box: just left of the leftmost box that it leads to."""
    sources: list[list[int]] = [[] for _ in range(count)]
    targets_left = [0] * count
    for source, target in links:
        sources[target].append(source)
        targets_left[source] += 1
    steps = [0] * count
    ready = [box for box in range(count) if not targets_left[box]]
    while ready:
        box = ready.pop()
        for source in sources[box]:
            steps[source] = max(steps[source], steps[box] + 1)
            targets_left[source] -= 1
            if not targets_left[source]:
                ready.append(source)
    return [max(steps) - one for one in steps]


def _sort_by_middle(items: list[int], fixed: list[int], beside: list[list[int]]) -> None:
    """Sort items by the mean place of their neighbours in a fixed column."""
    place = {one: number for number, one in enumerate(fixed)}
    middle = {
        one: sum(place[other] for other in beside[one]) / max(len(beside[one]), 1) for one in items
    }
    items.sort(key=middle.__getitem__)


def _rising(wishes: list[float]) -> list[float]:
    """Return the numbers nearest to the wishes (least squares) that never fall."""
    blocks: list[tuple[float, int]] = []
    for wish in wishes:
        mean, count = wish, 1
        while blocks and blocks[-1][0] > mean:
            former, size = blocks.pop()
            mean = (mean * count + former * size) / (count + size)
            count += size
        blocks.append((mean, count))
    return [mean for mean, count in blocks for _ in range(count)]

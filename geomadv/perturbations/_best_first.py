"""Branch and bound: the node of the least bound first, up to a budget."""

import heapq
import itertools
from collections.abc import Callable, Iterable
from typing import TypeVar

Node = TypeVar("Node")


def best_first(
    roots: Iterable[tuple[float, Node]],
    branches: Callable[[float, Node], Iterable[tuple[float, Node]]],
    limit: Callable[[], float],
    spent: Callable[[], bool],
) -> float:
    """Cut nodes until no bound is below the limit, and return the least bound left.

    Parameters
    ----------
    roots : iterable of (bound, node)
    branches : callable
        ``branches(bound, node)`` returns what is left of a node, in parts with bounds;
        it may find better solutions on the way.
    limit : callable
        The size of the best solution so far; nodes of no less a bound are dropped.
    spent : callable
        Whether to stop.

    Returns
    -------
    float
        Infinite if no node is left.
    """
    count = itertools.count()
    heap = [(bound, next(count), node) for bound, node in roots if bound < limit()]
    heapq.heapify(heap)
    while heap and heap[0][0] < limit() and not spent():
        bound, _, node = heapq.heappop(heap)
        for more, part in branches(bound, node):
            if more < limit():
                heapq.heappush(heap, (more, next(count), part))
    return float(heap[0][0]) if heap else float("inf")

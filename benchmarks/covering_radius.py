"""The covering radius of 10^5 points in dimension 3 against SciPy's Voronoi diagram.

Run with ``python benchmarks/covering_radius.py``. The peer is what one would write
without this library: ``scipy.spatial.Voronoi`` of the points and all their images
within a margin of the cube, and the greatest distance from a vertex inside to its
point. All 27 copies at once need 2.7 million points and are not tried; the margin of
the peer is given to it, twice the radius, which it could not know. Both must agree.
Rounds are interleaved, and ratios are of one round. Then branch and bound in dimension
4 to 6, and 10^5 points on the 2-sphere, timed once.
"""

import itertools
import statistics
import time
from collections.abc import Callable

import numpy as np
from scipy.spatial import Voronoi

from geomadv._typing import NDArray
from geomadv.error_sets import Bracket, covering_radius
from geomadv.spaces import Sphere

N, ROUNDS = 100_000, 3


def timed(call: Callable[[], Bracket]) -> tuple[float, Bracket]:
    """Return the wall time of one call, and what it returns."""
    begin = time.perf_counter()
    found = call()
    return time.perf_counter() - begin, found


def copies(P: NDArray, domain: str, margin: float) -> NDArray:
    """Return the points and the images within a margin of the cube."""
    parts = []
    for shift in itertools.product((-1, 0, 1), repeat=P.shape[1]):
        s = np.array(shift)
        if domain == "torus":
            moved = P + s
        else:
            moved = np.where(s == 0, P, np.where(s < 0, -P, 2 - P))
        near = ((moved >= -margin) & (moved <= 1 + margin)).all(axis=1)
        parts.append(moved[near])
    return np.concatenate(parts)


def peer(P: NDArray, domain: str, margin: float) -> float:
    """Return the radius by the Voronoi diagram of all copies."""
    points = copies(P, domain, margin)
    diagram = Voronoi(points)
    vertices = diagram.vertices
    inside = ((vertices >= -1e-12) & (vertices <= 1 + 1e-12)).all(axis=1)
    owner = np.full(len(vertices), -1)
    for point, region in enumerate(diagram.point_region):
        own = [v for v in diagram.regions[region] if v >= 0]
        owner[own] = point
    radii = np.linalg.norm(vertices - points[owner], axis=1)
    return float(radii[inside & (owner >= 0)].max())


def main() -> None:
    """Print seconds and ratios."""
    for domain in ("torus", "cube"):
        ours, ratios = [], []
        for seed in range(ROUNDS):
            P = np.random.default_rng(seed).random((N, 3))
            took, found = timed(lambda P=P, domain=domain: covering_radius(P, domain))
            begin = time.perf_counter()
            radius = peer(P, domain, 2 * found.upper)
            ratios.append((time.perf_counter() - begin) / took)
            ours.append(took)
            if not (found.exact and np.isclose(radius, found.lower, rtol=1e-9)):
                raise SystemExit(f"the results differ: {radius} and {found}")
        print(
            f"{domain}, n = {N}, d = 3: {statistics.median(ours):.2f} s, radius "
            f"{found.lower:.6f}; scipy.spatial.Voronoi takes "
            f"{statistics.median(ratios):.0f} times as long "
            f"[{min(ratios):.0f}, {max(ratios):.0f}]"
        )
    for d in (4, 5, 6):
        P = np.random.default_rng(d).random((1000, d))
        took, found = timed(lambda P=P: covering_radius(P, "torus"))
        print(f"torus, n = 1000, d = {d}: {took:.2f} s, {found}")
    P = Sphere(3).sample(N, 0)
    took, found = timed(lambda: covering_radius(P, Sphere(3)))
    print(f"sphere, n = {N}, d = 3: {took:.2f} s, {found}")


if __name__ == "__main__":
    main()

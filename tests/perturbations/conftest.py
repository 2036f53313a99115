"""What tests of all families share: the witness of an exact distance."""

import numpy as np
import pytest

from geomadv.perturbations._forms import decisions
from geomadv.perturbations._models import form_of


def _directions(d, count, rng):
    v = rng.standard_normal((count, d))
    return v / np.linalg.norm(v, axis=1)[:, None]


@pytest.fixture(scope="session")
def witness():
    """Check that the decision changes just beyond delta, and nowhere nearer."""

    def check(model, X, found, *, p=2, box=None, tie=False, samples=400):
        form, rng = form_of(model), np.random.default_rng(1)
        X = np.asarray(X, float)
        before = decisions(form, X)
        for x, c, delta, distance in zip(
            X, before, found.delta, found.distance, strict=True
        ):
            sizes = np.linalg.norm(delta, p)
            if np.isinf(distance):
                assert not delta.any()
            else:
                assert np.isclose(sizes, distance, rtol=1e-9, atol=1e-12)
                beyond = x + (1 + 1e-9) * delta + 1e-13 * np.sign(delta)
                assert tie or decisions(form, beyond[None])[0] != c
            radius = distance if np.isfinite(distance) else 10.0
            v = _directions(x.size, samples, rng)
            v /= np.linalg.norm(v, p, axis=1)[:, None]
            # most of a ball's volume is near its surface; look there, and within
            r = radius * (1 - 1e-6) * rng.random(samples) ** (1 / (4 * x.size))
            points = x + r[:, None] * v
            if np.isfinite(distance) and distance > 0:  # and about the way itself
                nearby = rng.uniform(-0.05, 0.05, (samples, x.size)) * sizes
                steps = delta + nearby
                steps *= radius * (1 - 1e-6) / np.linalg.norm(steps, p, axis=1)[:, None]
                points = np.concatenate([points, x + steps])
            if box is not None:
                points = points[((points >= box[0]) & (points <= box[1])).all(axis=1)]
            assert (decisions(form, points) == c).all()

    return check

"""The only door to `geomadv_kernels`: arrays of any shape in, flat loops below.

The kernels are imported when they are first called: importing geomadv neither imports
numba nor compiles anything. Arguments arrive checked. Large arrays are cut into one
piece a thread (the kernels release the interpreter lock); every value is computed on
its own, so results do not depend on the number of threads.
"""

from geomadv._typing import Bool, Float, NDArray


def cap_measure(
    d: int | Float[NDArray, "*#shape"],
    coordinate: Float[NDArray, "*#shape"],
    *,
    angle: bool,
    log: bool,
    threads: int | None = None,
) -> Float[NDArray, "*shape"]:
    """Return measures of caps of S^{d-1}, or their logarithms.

    Parameters
    ----------
    d : int or array
        Ambient dimensions, whole numbers from 2 to 10^9.
    coordinate : array
        Heights in [-1, 1], or with `angle` angular radii in [0, pi].
    angle, log : bool
        What `coordinate` holds; whether logarithms are wanted.
    threads : int, optional
        How many threads to use; by default as many as there are processors.
    """
    from geomadv_kernels.cpu import log_cap

    return log_cap.cap_measure(d, coordinate, angle=angle, log=log, threads=threads)


def cap_coordinate(
    d: int | Float[NDArray, "*#shape"],
    mass: Float[NDArray, "*#shape"],
    *,
    angle: bool,
    log: bool,
    threads: int | None = None,
) -> Float[NDArray, "*shape"]:
    """Return heights of caps, or with `angle` angular radii: `cap_measure` inverted.

    `mass` holds measures in [0, 1], or with `log` their logarithms.
    """
    from geomadv_kernels.cpu import log_cap

    return log_cap.cap_coordinate(d, mass, angle=angle, log=log, threads=threads)


def mean_cap_distance(
    d: int,
    outside: Float[NDArray, "*shape"],
    height: Float[NDArray, "*shape"],
    angle: Float[NDArray, "*shape"],
    larger: Bool[NDArray, "*shape"],
    *,
    geodesic: bool,
) -> Float[NDArray, "*shape"]:
    """Return mean distances to caps; see `geomadv_kernels.cpu.cap_distance`."""
    from geomadv_kernels.cpu import cap_distance

    return cap_distance.mean_distance(
        float(d),
        outside.ravel(),
        height.ravel(),
        angle.ravel(),
        larger.ravel(),
        geodesic,
    ).reshape(outside.shape)

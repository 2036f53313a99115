"""Number-crunching kernels of geomadv: plain loops, compiled by numba.

The package knows nothing of `geomadv`, which calls it through ``geomadv._dispatch``
alone. Importing it compiles nothing and does not import numba; each module compiles at
the first call and keeps the result in numba's cache.

- `geomadv_kernels.log_cap`: measures of spherical caps and their inverses;
- `geomadv_kernels.cap_distance`: mean distances to a cap (NumPy);
- `geomadv_kernels.reference`: the same quantities, written for obviousness.
"""

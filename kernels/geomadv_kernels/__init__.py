"""Number-crunching kernels of geomadv: numba on the processor, CUDA and CuPy on a GPU.

The package knows nothing of `geomadv`, which calls it through ``geomadv._dispatch``
alone. Importing it compiles nothing and does not import numba; each module compiles at
the first call and keeps the result in numba's cache.

- `geomadv_kernels.contract`: what each kernel promises, and the registry of them all;
- `geomadv_kernels.reference`: every kernel in plain NumPy, with its contract;
- `geomadv_kernels.cpu`: numba, on all cores;
- `geomadv_kernels.gpu`: CUDA C++ through CuPy;
- `geomadv_kernels.xp`: any array namespace, CuPy's among them;
- `geomadv_kernels.strategies`: point clouds with every degeneracy, to test with.
"""

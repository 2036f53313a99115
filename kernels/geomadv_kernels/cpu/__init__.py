"""The kernels on the processor, compiled by numba; see `geomadv_kernels.contract`."""

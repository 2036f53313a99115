"""Kernels over any array namespace, which is how CuPy runs them on a GPU."""

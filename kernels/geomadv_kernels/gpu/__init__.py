"""Kernels in CUDA C++, loaded by CuPy."""

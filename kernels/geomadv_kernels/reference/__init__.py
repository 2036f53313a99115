"""The kernels in plain NumPy, written for obviousness, and the contract of each."""

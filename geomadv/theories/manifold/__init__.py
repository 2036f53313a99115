"""Low-dimensional manifolds: data fill few directions, the boundary leans on the rest.

- `geomadv.theories.manifold.tanay2016`: boundary tilting.
"""

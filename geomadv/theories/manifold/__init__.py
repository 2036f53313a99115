"""Low-dimensional manifolds: data fill few directions, the boundary leans on the rest.

- `geomadv.theories.manifold.tanay2016`: boundary tilting;
- `geomadv.theories.manifold.khoury2018`: covers, balls and codimension;
- `geomadv.theories.manifold.stutz2019`: on and off the manifold;
- `geomadv.theories.manifold.schmidt2018`: how many samples robustness takes;
- `geomadv.theories.manifold.carmon2019`: robust self-training on unlabelled data;
- `geomadv.theories.manifold.uesato2019`: the same from one label.
"""

"""geomadv: a numerical laboratory for the theories of adversarial examples.

The subpackages, in the order in which data flow through them:

- `geomadv.stats`: intervals, confidence sequences, scaling fits;
- `geomadv.spaces`: metric measure spaces and their isoperimetric profiles;
- `geomadv.classifiers`: classifiers after the manner of scikit-learn;
- `geomadv.data`: labelled distributions and real data;
- `geomadv.perturbations`: smallest perturbations, exact or bracketed;
- `geomadv.lipschitz`: constants of layers and networks, two-sided;
- `geomadv.error_sets`: where a classifier differs from the Bayes rule;
- `geomadv.claims`: statements that are verified and, sharpened, refuted;
- `geomadv.theories`: one file a paper, its formulas and its claims;
- `geomadv.studies`: grids of measurements with their figures.
"""

__version__ = "0.1.0.dev0"

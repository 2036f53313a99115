"""Statistics: what imbalance and the number of classes cost a robust classifier.

- `geomadv.theories.statistics.dobriban2020`: trade-offs between Gaussian classes.
"""

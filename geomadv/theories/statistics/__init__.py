"""Statistics: what imbalance, dimension and sample size cost a robust classifier.

- `geomadv.theories.statistics.dobriban2020`: trade-offs between Gaussian classes.
- `geomadv.theories.statistics.donhauser2021`: interpolation hurts without any noise.
- `geomadv.theories.statistics.hastie2019`: ridgeless regression, and under attack.
- `geomadv.theories.statistics.javanmard2020`: linear regression under attack.
- `geomadv.theories.statistics.min2021`: more data help, descend twice, or hurt.
"""

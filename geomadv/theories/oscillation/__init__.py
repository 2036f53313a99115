"""Oscillation: classifiers that interpolate change their decision everywhere.

- `geomadv.theories.oscillation.wang2019`: nearest neighbours and their certificates.
"""

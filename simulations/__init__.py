"""Simulations: one file a published figure, table or experiment.

Each defines ``STUDY``, a `geomadv.studies.Study`, and runs as ``python -m
simulations.NAME`` or ``geomadv simulate NAME``. They use the library and define no
mathematics.
"""

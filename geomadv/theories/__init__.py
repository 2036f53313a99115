"""Theories of adversarial examples: one subpackage a theory, one file a paper.

A paper's file holds its definitions, its formulas as functions, and its claims. Nothing
is loaded before it is asked for: import `geomadv.theories.manifold.tanay2016` and the
like.
"""

"""Large Lipschitz constants: small steps change a classifier's output a lot.

- `geomadv.theories.lipschitz.fawzi2015`: robustness to the worst and to random noise;
- `geomadv.theories.lipschitz.hein2017`: radii certified by a local Lipschitz constant;
- `geomadv.theories.lipschitz.moosavi2016`: DeepFool's linear step.
"""

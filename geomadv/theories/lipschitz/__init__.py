"""Large Lipschitz constants: small steps change a classifier's output a lot.

- `geomadv.theories.lipschitz.szegedy2013`: norms of layers and their product;
- `geomadv.theories.lipschitz.goodfellow2014`: many small changes of a linear score;
- `geomadv.theories.lipschitz.fawzi2015`: robustness to the worst and to random noise;
- `geomadv.theories.lipschitz.moosavi2016`: DeepFool's linear step;
- `geomadv.theories.lipschitz.hein2017`: radii certified by a local Lipschitz constant;
- `geomadv.theories.lipschitz.sedghi2019`: the singular values of convolutions;
- `geomadv.theories.lipschitz.simongabriel2019`: gradients at initialisation;
- `geomadv.theories.lipschitz.bubeck2020`: a law of robustness for two layers;
- `geomadv.theories.lipschitz.bubeck2021`: a universal law of robustness;
- `geomadv.theories.lipschitz.delattre2023`: Gram iteration;
- `geomadv.theories.lipschitz.delattre2024`: circular and zero padding.
"""

"""Non-robust features: what predicts the label and can be turned against it.

- `geomadv.theories.features.ilyas2019`: usefulness, robust usefulness, the Gaussian
  theory, and the sets D_R and D_NR;
- `geomadv.theories.features.tsipras2019`: robustness at odds with accuracy.
"""

"""Oscillation: classifiers that interpolate change their decision everywhere.

- `geomadv.theories.oscillation.belkin2018`: interpolants err rarely, and densely.
- `geomadv.theories.oscillation.devroye1998`: the Hilbert kernel, consistent at the rate
  of a logarithm.
- `geomadv.theories.oscillation.wang2019`: nearest neighbours and their certificates.
- `geomadv.theories.oscillation.zhang2019`: TRADES, natural and boundary error.
- `geomadv.theories.oscillation.zheng2016`: stability training.
- `geomadv.theories.oscillation.kannan2018`: adversarial logit pairing.
- `geomadv.theories.oscillation.bubeck2018`: what no statistical query finds.
- `geomadv.theories.oscillation.nakkiran2019`: what no simple classifier can do.
"""

"""The proofs of the registry are written down and validated without the search."""

import json

import pytest

from geomadv.claims import Enclosure, Expected, certificate, check_certificate
from geomadv.theories import registry

ENCLOSED = {
    claim.id: claim for claim in registry() if isinstance(claim.evidence, Enclosure)
}


@pytest.mark.parametrize("name", ENCLOSED)
def test_a_proof_is_validated_anew(name):
    claim = ENCLOSED[name]
    document = json.loads(json.dumps(certificate([claim])))
    found = check_certificate(document, [claim])
    assert found[0].holds is (claim.expected is Expected.HOLDS)
    assert all(one.boxes > 0 for one in found)
    if claim.expected is Expected.VIOLATED:
        assert [one.holds for one in found[1:]] == [True]

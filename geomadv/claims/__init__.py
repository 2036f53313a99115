"""Claims: statements of the literature that are verified and, sharpened, refuted."""

from geomadv.claims._ablation import Ablated as Ablated
from geomadv.claims._ablation import Hypothesis as Hypothesis
from geomadv.claims._ablation import ablate as ablate
from geomadv.claims._beyond import Beyond as Beyond
from geomadv.claims._certificate import certificate as certificate
from geomadv.claims._claim import Claim as Claim
from geomadv.claims._claim import Expected as Expected
from geomadv.claims._claim import Source as Source
from geomadv.claims._claim import Twin as Twin
from geomadv.claims._domain import Choices as Choices
from geomadv.claims._domain import Integers as Integers
from geomadv.claims._domain import Parameter as Parameter
from geomadv.claims._domain import Reals as Reals
from geomadv.claims._enclosure import Enclosure as Enclosure
from geomadv.claims._evaluate import evaluate as evaluate
from geomadv.claims._exact import Exact as Exact
from geomadv.claims._falsify import Falsification as Falsification
from geomadv.claims._falsify import falsify as falsify
from geomadv.claims._family import Family as Family
from geomadv.claims._load import load as load
from geomadv.claims._outcome import Outcome as Outcome
from geomadv.claims._outcome import Point as Point
from geomadv.claims._outcome import Verdict as Verdict
from geomadv.claims._recheck import CertificateError as CertificateError
from geomadv.claims._recheck import Checked as Checked
from geomadv.claims._recheck import check as check_certificate
from geomadv.claims._recheck import read_certificate as read_certificate
from geomadv.claims._sides import Sampler as Sampler
from geomadv.claims._sides import Sides as Sides
from geomadv.claims._statistical import Statistical as Statistical
from geomadv.claims._user import claim as claim
from geomadv.claims._verify import Report as Report
from geomadv.claims._verify import Result as Result
from geomadv.claims._verify import verify as verify

__all__ = [
    "Ablated",
    "Beyond",
    "CertificateError",
    "Checked",
    "Choices",
    "Claim",
    "Enclosure",
    "Exact",
    "Expected",
    "Falsification",
    "Family",
    "Hypothesis",
    "Integers",
    "Outcome",
    "Parameter",
    "Point",
    "Reals",
    "Report",
    "Result",
    "Sampler",
    "Sides",
    "Source",
    "Statistical",
    "Twin",
    "Verdict",
    "ablate",
    "certificate",
    "check_certificate",
    "claim",
    "evaluate",
    "falsify",
    "load",
    "read_certificate",
    "verify",
]

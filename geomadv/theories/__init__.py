"""The theories of adversarial examples: one subpackage a theory, one file a paper."""

from geomadv.theories._registry import find as find
from geomadv.theories._registry import papers as papers
from geomadv.theories._registry import registry as registry

__all__ = ["find", "papers", "registry"]

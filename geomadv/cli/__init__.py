"""The command line: ``geomadv --help`` is the map.

One command a file; what a command needs is imported when it runs, so that help is quick.
"""

from geomadv.cli._main import main as main

__all__ = ["main"]

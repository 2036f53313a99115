"""The command line: ``geomadv --help`` is the map.

One command a file. What a command needs is imported when it runs, so help is quick.
"""

from geomadv.cli._main import main as main

__all__ = ["main"]

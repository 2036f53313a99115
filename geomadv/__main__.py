"""``python -m geomadv`` is the program ``geomadv``."""

import sys

from geomadv.cli import main

if __name__ == "__main__":
    sys.exit(main())

"""``python -m geomadv`` is the program ``geomadv``."""

from geomadv.cli import main

if __name__ == "__main__":
    main()

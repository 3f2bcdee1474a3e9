"""`python -m funnelkit.cli`."""

import sys

from funnelkit.cli import main

if __name__ == "__main__":
    sys.exit(main())

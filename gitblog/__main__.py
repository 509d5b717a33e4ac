"""`python -m gitblog`."""

import sys

from gitblog.cli import main

if __name__ == "__main__":
    sys.exit(main())

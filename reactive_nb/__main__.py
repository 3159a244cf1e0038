"""`python -m reactive_nb`: the command line."""

import sys

from reactive_nb.cli import main

sys.exit(main())

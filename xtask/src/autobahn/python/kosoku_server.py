"""kosoku's own command, with its cases mended."""

import kosoku_cases  # noqa: F401

from kosoku._cli import main

main()

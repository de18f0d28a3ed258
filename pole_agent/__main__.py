"""python -m pole_agent"""

import sys

from pole_agent.cli import main

sys.exit(main())

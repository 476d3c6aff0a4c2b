from __future__ import annotations

import sys
from pathlib import Path

# The server is shared by tests of several rooms; importmode=importlib puts no test folder on the path.
sys.path.insert(0, str(Path(__file__).parent))

import sys
from pathlib import Path

# bin/ is no package: its programs run before there is an environment, and find `support` beside themselves.
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "bin"))

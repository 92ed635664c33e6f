"""Import this first to use webapp's settings without the application itself.

The package's own __init__ loads Flask and every feature: 50 MB and a second, for nothing here.
"""

import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

package = types.ModuleType("webapp")
package.__path__ = [str(ROOT / "webapp")]
sys.modules.setdefault("webapp", package)

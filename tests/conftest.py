"""Before anything loads OpenMP: threads that wait must not spin while others have work to do."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

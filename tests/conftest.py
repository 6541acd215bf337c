"""Before anything loads OpenMP: threads that wait must not spin while others need the processors."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

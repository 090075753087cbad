"""``python -m mmvmtl.doctor``."""

import sys

from mmvmtl.doctor import main

sys.exit(main())

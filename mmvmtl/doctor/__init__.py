"""Say what is installed, what works, what does not and what mends it.

    python -m mmvmtl.doctor [--fix]

Every check runs the thing it speaks about. Nothing is imported before its
check, so a broken or missing library is a line of the report.
"""

from mmvmtl.doctor.report import main

__all__ = ['main']

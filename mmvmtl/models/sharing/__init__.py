"""What tasks share between cut and heads, one file a scheme."""

from mmvmtl.models.sharing.base_sharing import BaseSharing
from mmvmtl.models.sharing.cgc import CGC
from mmvmtl.models.sharing.cross_stitch import CrossStitch
from mmvmtl.models.sharing.mmoe import MMoE
from mmvmtl.models.sharing.mtan import MTAN
from mmvmtl.models.sharing.ple import PLE

__all__ = ['CGC', 'MTAN', 'PLE', 'BaseSharing', 'CrossStitch', 'MMoE']

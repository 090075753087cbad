"""Terms beside the task losses: small, related and structured weights."""

from mmvmtl.models.regularisers.base_regulariser import (
    BaseRegulariser,
    find_parameters,
)
from mmvmtl.models.regularisers.shared_weight_penalty import (
    SharedWeightPenalty,
)
from mmvmtl.models.regularisers.task_relation_penalty import (
    TaskRelationPenalty,
)
from mmvmtl.models.regularisers.task_structure_penalty import (
    TaskStructurePenalty,
)

__all__ = [
    'BaseRegulariser',
    'SharedWeightPenalty',
    'TaskRelationPenalty',
    'TaskStructurePenalty',
    'find_parameters',
]

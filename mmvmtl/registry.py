"""The registries mmvmtl adds to, each a child of MMEngine's root.

Importing this module is cheap: ``locations`` are imported on first lookup.
The parent is MMEngine's root, not MMDetection's registry, because siblings
see each other only through the root: so ``mmdet.X``, ``mmaction.X`` and
``mmvmtl.X`` can be mixed in one config.
"""

from mmengine import registry as root
from mmengine.registry import Registry


def _child(parent: Registry, *locations: str) -> Registry:
    return Registry(
        parent.name, parent=parent, scope='mmvmtl', locations=list(locations)
    )


MODELS = _child(root.MODELS, 'mmvmtl.models')
TASK_UTILS = _child(root.TASK_UTILS, 'mmvmtl.models')
DATASETS = _child(root.DATASETS, 'mmvmtl.datasets')
DATA_SAMPLERS = _child(root.DATA_SAMPLERS, 'mmvmtl.datasets')
TRANSFORMS = _child(root.TRANSFORMS, 'mmvmtl.datasets')
METRICS = _child(root.METRICS, 'mmvmtl.evaluation')
HOOKS = _child(root.HOOKS, 'mmvmtl.engine')
OPTIMIZERS = _child(root.OPTIMIZERS, 'mmvmtl.engine')
LOOPS = _child(root.LOOPS, 'mmvmtl.engine')
OPTIM_WRAPPERS = _child(root.OPTIM_WRAPPERS, 'mmvmtl.engine')
OPTIM_WRAPPER_CONSTRUCTORS = _child(
    root.OPTIM_WRAPPER_CONSTRUCTORS, 'mmvmtl.engine'
)
MODEL_WRAPPERS = _child(root.MODEL_WRAPPERS, 'mmvmtl.engine')
VISUALIZERS = _child(root.VISUALIZERS, 'mmvmtl.visualization')
INFERENCERS = _child(root.INFERENCERS, 'mmvmtl.apis')

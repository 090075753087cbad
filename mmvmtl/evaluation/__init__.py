"""Metrics of detection, tracking, re-identification and classification."""

from mmvmtl.evaluation.mot_metric import MOTMetric
from mmvmtl.evaluation.mot_metrics import MOTResult, evaluate_mot
from mmvmtl.evaluation.mot_sequence import Frame, drop_ignored
from mmvmtl.evaluation.reid_metric import ReIDMetric
from mmvmtl.evaluation.reid_metrics import ReIDBoxes, reid_scores
from mmvmtl.evaluation.task_relations import (
    best_groupings,
    delta_m,
    grouping_score,
)
from mmvmtl.evaluation.video_cls_metric import VideoClsMetric
from mmvmtl.evaluation.video_det_metric import VideoDetMetric

__all__ = [
    'Frame',
    'MOTMetric',
    'MOTResult',
    'ReIDBoxes',
    'ReIDMetric',
    'VideoClsMetric',
    'VideoDetMetric',
    'best_groupings',
    'delta_m',
    'drop_ignored',
    'evaluate_mot',
    'grouping_score',
    'reid_scores',
]

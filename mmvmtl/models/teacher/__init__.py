"""A teacher that labels the target domain for its student."""

from mmvmtl.models.teacher.branch_preprocessor import BranchDataPreprocessor
from mmvmtl.models.teacher.mean_teacher import MeanTeacher
from mmvmtl.models.teacher.pseudo_labels import PseudoLabels

__all__ = ['BranchDataPreprocessor', 'MeanTeacher', 'PseudoLabels']

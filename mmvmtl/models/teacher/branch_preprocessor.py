"""Batches of several branches: source clips, weak and strong target views."""

from __future__ import annotations

from collections.abc import Mapping

from mmengine.model import BaseDataPreprocessor

from mmvmtl.registry import MODELS


@MODELS.register_module()
class BranchDataPreprocessor(BaseDataPreprocessor):
    """Preprocess each branch of a batch made with ``mmdet.MultiBranch``.

    Unlike MMDet's ``MultiBranchDataPreprocessor`` it takes a batch in which
    a branch has no clip at all: then the branch is left out. A batch without
    branches, as in testing, goes straight to the inner preprocessor.

    Args:
        data_preprocessor (dict): config of the inner preprocessor.
    """

    def __init__(self, data_preprocessor: dict) -> None:
        super().__init__()
        self.inner = MODELS.build(data_preprocessor)

    @property
    def input_size(self) -> tuple[int, int]:
        """(h, w) of the network's input, pixels."""
        return self.inner.input_size

    def forward(self, data: dict, training: bool = False) -> dict:
        """Map ``{inputs: {branch: clips or None}, data_samples: ...}``.

        Returns:
            dict: ``inputs`` and ``data_samples``, each by branch.
        """
        if not isinstance(data['inputs'], Mapping):
            return self.inner(data, training)
        out: dict[str, dict] = dict(inputs={}, data_samples={})
        for branch, clips in data['inputs'].items():
            there = [i for i, clip in enumerate(clips) if clip is not None]
            if not there:
                continue
            samples = data['data_samples'][branch]
            part = dict(
                inputs=[clips[i] for i in there],
                data_samples=[samples[i] for i in there],
            )
            part = self.inner(part, training)
            for name, values in out.items():
                values[branch] = part[name]
        return out

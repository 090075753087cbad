"""Pictures of two domains side by side, without pairs."""

from __future__ import annotations

import numpy as np
from mmengine.registry import DATASETS as ROOT
from torch import Tensor
from torch.utils.data import Dataset

from mmvmtl.errors import UserError
from mmvmtl.fresh import Fresh
from mmvmtl.registry import DATASETS


@DATASETS.register_module()
class UnpairedDomains(Dataset):
    """For a clip of the source domain, any clip of the target domain.

    As long as the source. Labels are dropped: a translator needs none.

    Args:
        source (dict): data set of the source domain; its pipeline ends with
            ``mmvmtl.PackVideoInputs``.
        target (dict): of the target domain.

    Raises:
        UserError: If one of the two is empty.
    """

    def __init__(self, source: dict, target: dict) -> None:
        self.source = ROOT.build(source)
        self.target = ROOT.build(target)
        for name in ('source', 'target'):
            if not len(getattr(self, name)):
                raise UserError(
                    f'the {name} data set of mmvmtl.UnpairedDomains is '
                    'empty; give it frames of that domain.'
                )
        self.metainfo = self.source.metainfo

    def set_epoch(self, epoch: int) -> None:
        """Go to the content of that epoch, where it depends on one."""
        for dataset in (self.source, self.target):
            if isinstance(dataset, Fresh):
                dataset.set_epoch(epoch)

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """``source`` and ``target``, uint8 clips (T, 3, H, W)."""
        other = np.random.randint(len(self.target))
        return dict(
            source=self.source[index]['inputs'],
            target=self.target[other]['inputs'],
        )

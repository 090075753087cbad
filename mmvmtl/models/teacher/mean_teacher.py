"""Self-training on unlabelled target video with a mean teacher."""

from __future__ import annotations

import copy
from contextlib import ExitStack

import torch
from mmdet.models.utils import rename_loss_dict
from mmengine.dist import all_reduce
from mmengine.model import BaseModel
from torch import Tensor, nn

from mmvmtl.errors import UserError
from mmvmtl.models.bare_weights import give_bare_weights
from mmvmtl.models.detectors.wrapper import PredictsVideo
from mmvmtl.models.domain import DomainAlignment
from mmvmtl.models.heads.clip_task import ClipTask
from mmvmtl.models.teacher.pseudo_labels import PseudoLabels, without_labels
from mmvmtl.models.touch import zero_touch
from mmvmtl.norm_statistics import normalised_by_batch
from mmvmtl.registry import MODELS
from mmvmtl.structures import VideoMTLDataSample

#: Of a batch: labelled source clips, and two views of unlabelled target ones.
SOURCE, WEAK, STRONG = 'source', 'weak', 'strong'


@MODELS.register_module()
class MeanTeacher(PredictsVideo, BaseModel):
    r"""A student that learns from labels, and from its own running mean.

    `Tarvainen and Valpola, NeurIPS 2017 <https://arxiv.org/abs/1703.01780>`_
    with hard pseudo-labels as in `Liu et al., ICLR 2021
    <https://arxiv.org/abs/2102.09480>`_. The teacher sees the weak view of a
    target clip, the student its strong view; both have the same geometry:

    .. math:: L = w_s L(\text{source}) + w_t L(\text{strong, teacher(weak)})

    in one forward. The running mean and the burn-in are made by
    ``mmvmtl.TeacherHook``, without which the second term stays 0. The teacher
    has no gradient, is part of the checkpoint, and is what predicts. An
    adversary in the detector plays on the mean over both domains, and not in
    the burn-in. A checkpoint of the bare detector loads into both.

    The teacher is in eval mode but for its batch norms when it labels: they
    normalise by the weak views and gather the target's statistics, which are
    much of what differs between domains (`Li et al. 2016
    <https://arxiv.org/abs/1603.04779>`_).

    Args:
        detector (dict): config of the :class:`VideoMTLDetector`; its
            preprocessor serves both.
        pseudo (dict, optional): thresholds, see :class:`PseudoLabels`.
        source_weight (float): :math:`w_s`.
        target_weight (float): :math:`w_t`.
        init_cfg (dict, optional): initialisation of MMEngine.

    Raises:
        UserError: if the detector has a :class:`DomainAlignment`.
    """

    def __init__(
        self,
        detector: dict,
        pseudo: dict | None = None,
        source_weight: float = 1.0,
        target_weight: float = 1.0,
        init_cfg: dict | None = None,
    ) -> None:
        detector = copy.deepcopy(detector)
        preprocessor = dict(
            type='mmvmtl.BranchDataPreprocessor',
            data_preprocessor=detector.pop('data_preprocessor'),
        )
        super().__init__(preprocessor, init_cfg)
        self.student = MODELS.build(detector)
        if isinstance(getattr(self.student, 'domain', None), DomainAlignment):
            raise UserError(
                'mmvmtl.DomainAlignment compares the domains of one forward, '
                'and mmvmtl.MeanTeacher shows its student one domain at a '
                'time; use mmvmtl.DomainAdversary there'
            )
        self.teacher = MODELS.build(detector)
        self.teacher.requires_grad_(False)
        self.pseudo = PseudoLabels(**(pseudo or {}))
        self.source_weight = source_weight
        self.target_weight = target_weight
        #: Set by the hook from progress alone.
        self.teaching = False

    def init_weights(self) -> None:
        """Both begin alike."""
        super().init_weights()
        self.teacher.load_state_dict(self.student.state_dict())

    def train(self, mode: bool = True) -> nn.Module:
        """The teacher never leaves eval mode."""
        super().train(mode)
        self.teacher.eval()
        return self

    @property
    def predictor(self) -> nn.Module:
        """The teacher."""
        return self.teacher

    def forward(
        self,
        inputs: Tensor | dict[str, Tensor],
        data_samples: list | dict[str, list] | None = None,
        clip_index: Tensor | None = None,
        mode: str = 'tensor',
    ) -> dict | list:
        """Losses by branch; for all else the teacher's answer.

        Args:
            inputs (Tensor or dict): frames (M, 3, H, W); by branch
                (``'source'``, ``'weak'``, ``'strong'``) with mode 'loss'.
            data_samples (list or dict): likewise.
            clip_index (Tensor, optional): as of the detector.
            mode (str): ``'loss'``, ``'predict'`` or ``'tensor'``.
        """
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        return self.teacher(inputs, data_samples, clip_index, mode)

    def loss(
        self, inputs: dict[str, Tensor], data_samples: dict[str, list]
    ) -> dict[str, Tensor]:
        """``loss_mtl``, and the parts as ``source_...`` and ``target_...``.

        Every rank calls the student equally often, because its losses are
        normalised over ranks: one whose batch lacks a domain shows the clips
        of the other, unlabelled.
        """
        samples = dict(data_samples)
        wanted = [SOURCE in inputs, self.teaching and STRONG in inputs]
        anywhere = torch.tensor(wanted, dtype=torch.long)
        all_reduce(anywhere, op='max')
        if anywhere[1]:
            self._refuse_to_wait(wanted[1])
        if wanted[1]:
            samples[STRONG] = self.label(
                inputs[WEAK], samples[WEAK], samples[STRONG]
            )
        log: dict[str, Tensor] = {}
        # With target clips alone in the burn-in nothing else is in it.
        total = 0 if anywhere.any() else zero_touch(self.student)
        weights = self.source_weight, self.target_weight
        shown = int(anywhere.sum())
        for k, (branch, other) in enumerate(
            ((SOURCE, STRONG), (STRONG, SOURCE))
        ):
            if not anywhere[k]:
                continue
            clips = samples[branch] if wanted[k] else _bare(samples[other])
            frames = inputs[branch if wanted[k] else other]
            # The game of an adversary is one over both domains, whatever each
            # counts; with the source alone there is nothing to tell apart.
            share = 1 / (shown * weights[k]) if weights[k] else 0.0
            self.student.domain_share = share if self.teaching else 0.0
            losses = self.student.loss(frames, clips)
            total = total + weights[k] * losses.pop('loss_mtl')
            log.update(rename_loss_dict(('source_', 'target_')[k], losses))
        return dict(log, loss_mtl=total)

    def _refuse_to_wait(self, here: bool) -> None:
        """SyncBN of the teacher would wait for ranks without a target."""
        if not any(
            isinstance(module, nn.SyncBatchNorm)
            for module in self.teacher.modules()
        ):
            return
        everywhere = torch.tensor(int(here))
        all_reduce(everywhere, op='min')
        if not everywhere:
            raise UserError(
                'a rank has no clip of the target in its batch, and the '
                "teacher's SyncBatchNorm needs one on each; use "
                'mmvmtl.MixedBatchSampler, or BatchNorm.'
            )

    def parse_losses(
        self, losses: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """As the detector does."""
        return self.student.parse_losses(losses)

    @torch.no_grad()
    def label(
        self,
        weak: Tensor,
        weak_samples: list[VideoMTLDataSample],
        strong_samples: list[VideoMTLDataSample],
    ) -> list[VideoMTLDataSample]:
        """The strong clips with the teacher's labels; see PseudoLabels.

        Args:
            weak (Tensor): frames (M, 3, H, W) of the weak views.
            weak_samples (list[VideoMTLDataSample]): their clips.
            strong_samples (list[VideoMTLDataSample]): the same clips as the
                student sees them.
        """
        bare = [without_labels(s, i) for i, s in enumerate(weak_samples)]
        self.teacher.reset_streams()
        heads = dict(self.teacher.head.heads.items())
        with ExitStack() as stack:
            # In float32, as in testing: NMS takes no other type.
            stack.enter_context(
                torch.autocast(weak.device.type, enabled=False)
            )
            stack.enter_context(normalised_by_batch(self.teacher))
            for head in heads.values():
                if isinstance(head, ClipTask):
                    # A clip is shorter than the windows of a video.
                    stack.enter_context(head.whole_clips())
            found = self.teacher.predict(weak, bare)
        self.teacher.reset_streams()
        return [
            self.pseudo(one, clip, heads)
            for one, clip in zip(found, strong_samples, strict=True)
        ]

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *args
    ) -> None:
        """Take a bare detector's weights for the student and the teacher."""
        give_bare_weights(state_dict, prefix, ('student', 'teacher'))
        super()._load_from_state_dict(state_dict, prefix, *args)


def _bare(samples: list[VideoMTLDataSample]) -> list[VideoMTLDataSample]:
    """The clips without labels, so that they lose nothing."""
    clips = []
    for sample in samples:
        clip = sample.new()
        clip.set_metainfo(dict(labelled=()))
        clips.append(clip)
    return clips

"""Learn on some domains so that a step on them helps another one."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from mmengine.dist import all_reduce, broadcast, get_world_size
from torch import Tensor, nn
from torch.func import functional_call

from mmvmtl.autocast import refuse_float16
from mmvmtl.autograd_graph import no_checkpointing
from mmvmtl.errors import UserError
from mmvmtl.models.detectors.wrapper import DetectorWrapper, PredictsVideo
from mmvmtl.models.domain.names import check_domains
from mmvmtl.registry import MODELS
from mmvmtl.structures import VideoMTLDataSample


@MODELS.register_module()
class MLDG(PredictsVideo, DetectorWrapper):
    r"""Meta-learning for domain generalisation, in its first-order form.

    `Li et al., AAAI 2018 <https://arxiv.org/abs/1710.03463>`_. Each batch
    one of its domains is held out at random; F is the loss on the others, G
    on the held-out one:

    .. math:: F(\theta) + \beta \, G(\theta - \alpha \nabla F(\theta))

    First order: :math:`\nabla F` is a constant, as mmcv's operators have no
    second derivative. Both losses are one scalar of one forward, so DDP,
    accumulation and bfloat16 are as usual (float16 would let
    :math:`\nabla F`, which nothing scales, underflow); it takes two
    forwards and two backwards. A batch of one domain trains plainly.

    Args:
        detector (dict): config of a :class:`VideoMTLDetector`.
        domains (Sequence[str]): names of the domains.
        inner_lr (float): :math:`\alpha`.
        beta (float): :math:`\beta`.
        init_cfg (dict, optional): initialisation of MMEngine.

    Raises:
        ValueError: of fewer than two domains.
        UserError: in training, of float16, of activation checkpointing
            (``with_cp``) and of a clip of another domain.
    """

    def __init__(
        self,
        detector: dict,
        domains: Sequence[str],
        inner_lr: float = 1e-3,
        beta: float = 1.0,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(detector, init_cfg)
        self.domains = check_domains(domains)
        self.inner_lr = inner_lr
        self.beta = beta

    @property
    def predictor(self) -> nn.Module:
        """The detector."""
        return self.detector

    def loss(self, inputs: Tensor, data_samples: list) -> dict:
        """``loss_mldg``, and the detached losses of both parts."""
        held_out = self._hold_out(data_samples)
        if held_out is None:
            return self._part(self.detector, inputs, data_samples)
        with no_checkpointing('mmvmtl.MLDG'):
            return self._in_two(inputs, data_samples, held_out)

    def _in_two(
        self, inputs: Tensor, data_samples: list, held_out: str
    ) -> dict:
        """F and G, of a batch that has several domains."""
        mine = [s.domain == held_out for s in data_samples]
        others = [not flag for flag in mine]
        seen = _subset(inputs, data_samples, others)
        refuse_float16(inputs.device, 'mmvmtl.MLDG')
        train = self._part(self.detector, *seen)
        parameters = [p for p in self.detector.parameters() if p.requires_grad]
        gradients = torch.autograd.grad(
            train['loss_mldg'],
            parameters,
            retain_graph=True,
            allow_unused=True,
        )
        state = slots(self.detector, self._moved(parameters, gradients))
        unseen = _subset(inputs, data_samples, mine)
        test = self._part(self.detector, *unseen, state)
        total = train['loss_mldg'] + self.beta * test.pop('loss_mldg')
        held = {f'held_out.{name}': value for name, value in test.items()}
        return {**train, **held, 'loss_mldg': total}

    def parse_losses(self, losses: dict) -> tuple[Tensor, dict]:
        """Pick the total; the others are for the log."""
        log = {k: v for k, v in losses.items() if k != 'loss_mldg'}
        return losses['loss_mldg'], dict(loss=losses['loss_mldg'], **log)

    def _part(
        self,
        detector,
        inputs: Tensor,
        data_samples: list,
        state: dict[str, Tensor] | None = None,
    ) -> dict[str, Tensor]:
        """Losses of the detector, also with other parameters."""
        call = (inputs, data_samples)
        if state is None:
            losses = detector(*call, mode='loss')
        else:
            losses = functional_call(
                detector, state, call, dict(mode='loss'), tie_weights=False
            )
        total, log = detector.parse_losses(losses)
        log = {name: v.detach() for name, v in log.items() if name != 'loss'}
        return dict(log, loss_mldg=total)

    def _hold_out(self, data_samples: list) -> str | None:
        """One of the domains of all ranks' batches, the same on all."""
        present = torch.zeros(len(self.domains))
        for sample in data_samples:
            domain = sample.get('domain')
            if domain not in self.domains:
                raise UserError(
                    f'a training clip is of the domain {domain!r}, MLDG '
                    f'knows {", ".join(self.domains)}: correct domains, or '
                    'set it with mmvmtl.SetDomain'
                )
            present[self.domains.index(domain)] = 1
        all_reduce(present, op='max')
        if present.sum() < 2:
            return None
        drawn = torch.multinomial(present, 1)
        broadcast(drawn)
        return self.domains[int(drawn)]

    def _moved(
        self,
        parameters: Sequence[Tensor],
        gradients: Sequence[Tensor | None],
    ) -> dict[Tensor, Tensor]:
        """Parameters after one step, with the gradient of all ranks."""
        moved = {}
        for parameter, gradient in zip(parameters, gradients, strict=True):
            step = torch.zeros_like(parameter)
            if gradient is not None:
                step += gradient
            all_reduce(step, op='sum')
            step *= self.inner_lr / get_world_size()
            moved[parameter] = parameter - step
        return moved


def slots(module: nn.Module, moved: dict[Tensor, Tensor]) -> dict[str, Tensor]:
    """What ``functional_call`` puts where, each place named once.

    A layer that stands in a model under two names (as those that RTMDet's
    levels share) must be named once: torch, left to tie weights itself,
    would not give it back its parameters. Buffers are cloned, so that
    running statistics follow the first forward only.
    """
    state = {}
    for prefix, part in module.named_modules():
        start = f'{prefix}.' if prefix else ''
        for name, value in part.named_parameters(recurse=False):
            state[start + name] = moved.get(value, value)
        for name, value in part.named_buffers(recurse=False):
            state[start + name] = value.clone()
    return state


def _subset(
    inputs: Tensor, data_samples: list, keep: Sequence[bool]
) -> tuple[Tensor, list]:
    """Frames and samples that are kept.

    Where a rank has none, all stay, without labels: every rank must take
    part in the shared normalisers.
    """
    samples = [s for s, flag in zip(data_samples, keep, strict=True) if flag]
    if not samples:
        return inputs, [_unlabelled(sample) for sample in data_samples]
    lengths = [len(sample) for sample in data_samples]
    rows = torch.tensor(keep).repeat_interleave(torch.tensor(lengths))
    return inputs[rows.to(inputs.device)], samples


def _unlabelled(sample: VideoMTLDataSample) -> VideoMTLDataSample:
    bare = copy.copy(sample)
    bare.set_metainfo(dict(labelled=()))
    return bare

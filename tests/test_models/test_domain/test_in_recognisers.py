"""Adversaries around a stock recogniser of MMAction2."""

import copy

import cv2
import numpy as np
import pytest
import torch
from domain_clips import DOMAINS
from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from small_model import CONFIGS
from stock_models import resnet3d, tsn, tsn_with_neck

from mmvmtl.engine.hooks.domain_adversarial_hook import grl_scale
from mmvmtl.errors import UserError
from mmvmtl.registry import MODELS

pytest.importorskip('mmaction')

#: A recogniser, channels of its last map, and the shape of a clip.
STOCK = {
    'tsn': (tsn, 512, (2, 3, 32, 32)),
    'neck': (tsn_with_neck, 512, (2, 3, 32, 32)),
    '3d': (resnet3d, 64, (1, 3, 4, 32, 32)),
}


def build(kind, **changes):
    """A small recogniser inside the wrapper."""
    init_default_scope('mmaction')
    torch.manual_seed(0)
    make, channels, _ = STOCK[kind]
    image = dict(in_channels=channels, stage='backbone', level=-1)
    adversary = dict(type='mmvmtl.DomainAdversary', domains=DOMAINS)
    adversary.update(dict(image=image, **changes))
    settings = dict(
        type='mmvmtl.DomainAdaptiveRecognizer',
        recognizer=make(),
        domain=adversary,
    )
    return MODELS.build(ConfigDict(settings)).train()


def clips(kind, domains):
    """One clip of noise of each domain, labelled 0, 1, ... unless of fog."""
    from mmaction.structures import ActionDataSample

    samples = []
    for label, domain in enumerate(domains):
        sample = ActionDataSample(metainfo=dict(domain=domain))
        if domain == 'fog':
            sample.set_metainfo(dict(labelled=()))
        samples.append(sample.set_gt_label(label))
    draw = torch.Generator().manual_seed(0)
    size = (len(samples), *STOCK[kind][2])
    return torch.randn(size, generator=draw), samples


@pytest.mark.parametrize('kind', STOCK)
def test_the_adversary_reaches_the_backbone_against_the_discriminator(kind):
    """An unlabelled clip moves the backbone by nothing else."""
    part = build(kind)
    grads = {}
    for scale in (-1.0, 0.5):
        part.domain.set_scale(scale)
        twin = copy.deepcopy(part)  # batch statistics must not differ
        losses = twin(*clips(kind, ['fog', 'fog']), mode='loss')
        assert losses['loss_cls'] == 0
        twin.parse_losses(losses)[0].backward()
        grads[scale] = next(twin.detector.backbone.parameters()).grad
    assert grads[-1.0].abs().sum() > 0
    torch.testing.assert_close(grads[0.5], -0.5 * grads[-1.0])


@pytest.mark.parametrize('kind', STOCK)
@pytest.mark.parametrize('domains', ['day fog', 'day day', 'fog fog'])
def test_any_mixture_trains_every_parameter(kind, domains):
    part = build(kind)
    losses = part(*clips(kind, domains.split()), mode='loss')
    total, log = part.parse_losses(losses)
    total.backward()
    assert total.isfinite() and 0 <= log['domain.acc_image'] <= 1
    missing = [k for k, p in part.named_parameters() if p.grad is None]
    assert missing == []


@pytest.mark.parametrize('kind', STOCK)
def test_classes_are_learned_from_labelled_clips_only(kind):
    """As from these alone, whatever label the others have."""
    # Without batch statistics a clip does not see the others.
    part = build(kind).eval()
    inputs, samples = clips(kind, ['fog', 'day', 'fog', 'day'])
    losses = part.loss(inputs, samples)
    alone = part.detector.loss(inputs[1::2].clone(), samples[1::2])
    for name, value in alone.items():
        torch.testing.assert_close(losses[name], value)
    samples[0].set_gt_label(4)
    again = part.loss(inputs, samples)
    assert again['loss_cls'] == losses['loss_cls']


@pytest.mark.parametrize('kind', ['tsn', '3d'])
def test_every_row_of_a_clip_has_its_domain(kind):
    """The loss is the mean over all cells, of each clip's own label."""
    part = build(kind).eval()
    inputs, samples = clips(kind, ['day', 'day', 'fog'])
    found = part.loss(inputs, samples)
    rows = part.detector.backbone(inputs.flatten(0, 1))
    cells = rows.flatten(2)[..., None]
    logits = part.domain.image[0](cells).flatten(2)
    truth = torch.tensor([0, 0, 1]).repeat_interleave(STOCK[kind][2][0])
    truth = truth[:, None].expand(-1, logits.shape[2])
    wanted = torch.nn.functional.cross_entropy(logits, truth)
    torch.testing.assert_close(found['domain.loss_image'], wanted)


@pytest.mark.parametrize('kind', ['tsn', '3d'])
def test_a_wrapped_recogniser_predicts_as_it_is(kind):
    """Its checkpoint loads into the wrapper, too."""
    part, other = build(kind), build(kind)
    bare = part.detector.eval()
    for parameter in other.parameters():
        torch.nn.init.zeros_(parameter)
    other.load_state_dict(bare.state_dict(), strict=False)
    with torch.no_grad():
        inputs, samples = clips(kind, ['day', 'fog'])
        plain = bare.predict(inputs, copy.deepcopy(samples))
        found = other.eval()(inputs, samples, mode='predict')
    for one, two in zip(found, plain, strict=True):
        assert torch.equal(one.pred_score, two.pred_score)


def test_what_can_not_be_told_apart_is_one_sentence():
    init_default_scope('mmaction')
    blending = dict(type='MixupBlending', num_classes=5)
    recognizer = tsn()
    recognizer['data_preprocessor']['blending'] = blending
    settings = dict(recognizer=recognizer, domain={})
    with pytest.raises(UserError, match='blends clips'):
        MODELS.build(dict(type='mmvmtl.DomainAdaptiveRecognizer', **settings))
    part = build('tsn', instance=dict(in_channels=512))
    with pytest.raises(UserError, match='leave instance out'):
        part(*clips('tsn', ['day']), mode='loss')


def write_videos(folder, number):
    """Videos of noise, and both lists of them."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for index in range(number):
        path = str(folder / f'{index}.avi')
        fourcc = cv2.VideoWriter_fourcc(*'MJPG')
        writer = cv2.VideoWriter(path, fourcc, 10, (32, 32))
        for _ in range(8):
            writer.write(rng.integers(0, 255, (32, 32, 3), dtype=np.uint8))
        writer.release()
    lines = ''.join(f'{index}.avi {index}\n' for index in range(number))
    for name in ('train.txt', 'val.txt'):
        (folder / name).write_text(lines)


def test_the_config_trains_on_videos_of_two_domains(tmp_path, monkeypatch):
    """Two iterations: the hook drives the adversary, half of it is fog."""
    source, target = tmp_path / 'source', tmp_path / 'target'
    write_videos(source, 4)
    write_videos(target, 2)
    monkeypatch.setenv('MMVMTL_ACTION', str(source))
    monkeypatch.setenv('MMVMTL_ACTION_TARGET', str(target))
    cfg = Config.fromfile(CONFIGS / 'domain/tsn_r18_image.py')
    cfg.train_dataloader.update(batch_size=4, num_workers=0)
    for part in cfg.train_dataloader.dataset.datasets:
        (resize,) = [t for t in part.pipeline if t.type == 'Resize']
        resize.scale = (32, 32)
    for kind in ('dataloader', 'cfg', 'evaluator'):
        cfg.pop(f'val_{kind}')
    cfg.train_cfg.max_epochs = 1
    cfg.custom_hooks = [h for h in cfg.custom_hooks if 'Adversarial' in h.type]
    cfg.default_hooks.checkpoint = None
    cfg.work_dir = cfg.experiment_name = str(tmp_path / 'work')
    runner = Runner.from_cfg(cfg)
    batches = []
    loss = runner.model.loss
    monkeypatch.setattr(
        runner.model,
        'loss',
        lambda inputs, samples: (
            batches.append(samples) or loss(inputs, samples)
        ),
    )
    runner.train()
    assert len(batches) == 2
    for batch in batches:
        assert [s.domain for s in batch] == ['source'] * 2 + ['target'] * 2
        assert [runner.model.is_labelled(s) for s in batch] == [
            *[True] * 2,
            *[False] * 2,
        ]
    scales, _ = runner.message_hub.get_scalar('train/domain.scale').data
    assert list(scales) == pytest.approx([0, grl_scale(0.5)])
    assert (
        runner.message_hub.get_scalar('train/domain.loss_image').current() > 0
    )

"""Sharing and regularisers inside the detector."""

import pytest
import torch

from mmvmtl.apis.complexity import complexity

SCHEMES = ('CrossStitch', 'MTAN', 'MMoE', 'CGC', 'PLE')
LEVELS = (16, 16, 16)


def _frames(count, seed=0):
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(count, 3, 64, 96, generator=draw)


def scheme(name, **settings):
    return dict(type=f'mmvmtl.{name}', in_channels=LEVELS, **settings)


@pytest.mark.parametrize('labelled', [('det',), ('det', 'cls', 'track')])
@pytest.mark.parametrize('name', SCHEMES)
def test_every_parameter_gets_a_gradient(build, clip, name, labelled):
    """Where a task has no labels, and where its head reads no features."""
    model = build(sharing=scheme(name, norm_cfg=dict(type='BN'))).train()
    losses = model(_frames(2), [clip(2, labelled=labelled)], mode='loss')
    losses['loss_mtl'].backward()
    missing = [n for n, p in model.named_parameters() if p.grad is None]
    assert missing == []


def test_stitches_of_identity_are_hard_sharing_bitwise(build, clip):
    hard = build(**{'head.heads.track.box_jitter': 0.0}).eval()
    stitched = build(
        sharing=scheme('CrossStitch', own=1.0),
        **{'head.heads.track.box_jitter': 0.0},
    ).eval()
    stitched.load_state_dict(hard.state_dict(), strict=False)
    expected, found = (
        model(_frames(3), [clip(3)], mode='loss') for model in (hard, stitched)
    )
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in found)


@pytest.mark.parametrize('name', SCHEMES)
def test_a_subset_of_tasks_predicts_the_same(build, clip, name):
    model = build(sharing=scheme(name)).eval()
    for parameter in model.sharing.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    whole = model(_frames(2), [clip(2)], mode='predict')[0]
    model.tasks = ('det',)
    part = model(_frames(2), [clip(2)], mode='predict')[0]
    assert 'pred_score' not in part
    for a, b in zip(whole, part, strict=True):
        torch.testing.assert_close(
            a.pred_instances.bboxes, b.pred_instances.bboxes
        )


def test_terms_are_logged_detached_and_added_to_the_total(build, clip):
    """Σ λ_k L_k + the terms; the two penalties share one entry."""
    model = build(
        regularisers=[
            penalty('neck', 0.5),
            penalty('backbone.stem', 0.25),
            dict(
                type='mmvmtl.TaskStructurePenalty',
                parameters=dict(
                    det='head.heads.det.bbox_head.rtm_cls.0.bias',
                    cls='head.heads.cls.classify.2.bias',
                ),
                strength=3.0,
                edges=[('det', 'cls', 1.0)],
            ),
        ]
    ).train()
    losses = model(_frames(2), [clip(2)], mode='loss')
    total = losses.pop('loss_mtl')
    terms = {k: losses.pop(k) for k in list(losses) if 'regulariser' in k}
    assert not any(term.requires_grad for term in terms.values())
    weights = dict(det=1.0, cls=0.1, track=0.3)
    plain = sum(
        weights[k.split('.')[0]] * v for k, v in losses.items() if 'loss' in k
    )
    torch.testing.assert_close(total, plain + sum(terms.values()))
    squares = {
        part: sum(p.square().sum() for p in module.parameters())
        for part, module in (('neck', model.neck), ('s', model.backbone.stem))
    }
    det = model.head.heads.det.bbox_head.rtm_cls[0].bias
    cls = model.head.heads.cls.classify[2].bias
    torch.testing.assert_close(
        terms,
        {
            'regulariser.loss_shared': (
                0.5 * squares['neck'] + 0.25 * squares['s']
            ).detach(),
            'regulariser.loss_structure': (
                3 * (det - cls).square().sum()
            ).detach(),
        },
    )
    total.backward()
    assert (model.head.heads.cls.classify[2].bias.grad != 0).all()


def penalty(parameters, strength):
    return dict(
        type='mmvmtl.SharedWeightPenalty',
        parameters=parameters,
        strength=strength,
    )


def test_relations_are_measured_through_the_real_heads(build, clip):
    """Det and track on columns of their own; clip labels read none."""
    names = {t: f'sharing.levels.0.columns.{t}' for t in ('det', 'track')}
    relation = dict(
        type='mmvmtl.TaskRelationPenalty',
        parameters=names,
        strength=1.0,
        momentum=0.0,
    )
    model = build(sharing=scheme('CrossStitch'), regularisers=[relation])
    torch.nn.init.normal_(model.sharing.levels[0].columns.det.expand.weight)
    frames = _frames(2, 2)
    model.train()(frames, [clip(2)], mode='loss')['loss_mtl'].backward()
    (found,) = model.regularisers
    assert int(found.iteration) == 1
    cosine = found.relation[0, 1]
    # With other frames it may be opposed, which counts as 0.
    assert 0 < cosine <= 1 and torch.equal(found.relation, found.relation.T)
    missing = [n for n, p in model.named_parameters() if p.grad is None]
    assert missing == []


@pytest.mark.parametrize(
    'changes, sentence',
    [
        (
            dict(sharing=scheme('MMoE', tasks=('det', 'trak'))),
            "'trak'.*mean 'track'",
        ),
        (dict(regularisers=[penalty('bakbone', 1.0)]), "'bakbone'.*backbone"),
    ],
)
def test_wrong_names_are_told_when_the_model_is_built(
    build, changes, sentence
):
    with pytest.raises(ValueError, match=sentence):
        build(**changes)


def test_sharing_is_counted_by_hand(build):
    """16 → 8 → 16 channels, 4 experts and 3 gates, levels of 96, 24, 6.

    Of the nine gates det reads three, and track one before there are boxes.
    """
    model = build(sharing=scheme('MMoE'))
    parts = {part.name: part[1:] for part in complexity(model, (64, 96))}
    expert = 16 * 8 * 9 + 8 + 8 * 16 + 16
    gate = 16 * 4 + 4
    pixels = 8 * 12 + 4 * 6 + 2 * 3
    cost = 4 * pixels * (16 * 8 * 9 + 8 * 16) + 4 * 16 * 4
    assert parts['sharing'] == (3 * (4 * expert + 3 * gate), cost)

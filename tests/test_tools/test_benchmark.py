"""Sides see what was scripted; ratios are paired; three parts make a step."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from small_model import SIZE, make_clip, small_model_cfg
from torch.nn.modules.batchnorm import _BatchNorm

TOOLS = Path(__file__).parents[2] / 'tools'


@pytest.fixture(scope='module')
def bench():
    """The benchmark's modules, by name."""
    sys.path.insert(0, str(TOOLS))
    import benchmark
    from benchmarks import measures, networks, scene, sides, timing, training

    yield dict(
        benchmark=benchmark,
        measures=measures,
        networks=networks,
        scene=scene,
        sides=sides,
        timing=timing,
        training=training,
    )
    sys.path.remove(str(TOOLS))


@pytest.fixture
def model():
    """The default model, narrow and shallow, with ordinary thresholds."""
    model = small_model_cfg()
    model.head.heads.det.test_cfg.score_thr = 0.01
    return model


@pytest.mark.parametrize('number', [1, 8, 30])
def test_objects_move_apart_from_each_other(bench, number):
    """No two of the boxes can suppress each other."""
    from mmvmtl.boxes import iou

    boxes = bench['scene'].moving_boxes(number, (192, 256)).numpy()
    assert boxes.shape == (bench['scene'].PERIOD, number, 4)
    for frame in boxes:
        assert (iou(frame, frame) - np.eye(number)).max() < 0.6
    assert np.abs(boxes[1:] - boxes[:-1]).max() < 2


def test_too_many_objects_are_refused(bench):
    from mmvmtl.errors import UserError

    with pytest.raises(UserError, match='500 objects do not fit'):
        bench['scene'].moving_boxes(500, (192, 256))


@pytest.mark.parametrize(
    'side, tracks',
    [('ours', 4), ('ours_detection_only', None), ('mmdet_detector', None)],
)
def test_a_side_finds_what_is_scripted(bench, model, side, tracks):
    """4 objects in 64×96: the very boxes come out, and are followed."""
    scene = bench['scene'].Scene(4, SIZE)
    block = bench['timing'].FrameBlock(
        bench['sides'].SIDES[side](model, scene), 3, 'cpu'
    )
    assert block() > 0
    assert block.found == (4, tracks)


@pytest.mark.parametrize('name', ['three_networks', 'three_networks_folded'])
def test_three_networks_do_all_that_ours_does(bench, model, name):
    pytest.importorskip('lap')
    scene = bench['scene'].Scene(4, SIZE)
    side = bench['sides'].SIDES[name](model, scene)
    for net in (side.net, side.reid, side.recogniser):
        norms = [m for m in net.modules() if isinstance(m, _BatchNorm)]
        assert (not norms) == name.endswith('folded')
    embedded, classified = [], []
    side.reid.register_forward_hook(lambda *args: embedded.append(args[2]))
    side.recogniser.cls_head.register_forward_hook(
        lambda *args: classified.append(args[2])
    )
    length = side.stride * (side.window + side.hop)
    block = bench['timing'].FrameBlock(side, length, 'cpu')
    block()
    assert block.found == (4, 4)
    assert len(embedded) == length and embedded[0].shape == (4, 64)
    # A whole window, and one more after each hop.
    assert len(classified) == 2


def test_scripted_boxes_come_out_of_the_head(bench, model):
    scene = bench['scene'].Scene(4, SIZE)
    side = bench['sides'].Detector(model, scene)
    data = side.net.data_preprocessor(side.prepare(5))
    with torch.no_grad():
        found = side.net(**data, mode='predict')[0].pred_instances
    wanted = scene.boxes[5].clamp(min=0)
    wanted = wanted[wanted[:, 0].argsort()]
    assert torch.allclose(
        found.bboxes[found.bboxes[:, 0].argsort()], wanted, atol=1e-3
    )


def test_rounds_go_forth_and_back(bench):
    calls = []

    def block(name):
        return lambda: calls.append(name) or len(calls)

    times = bench['timing'].in_turn({'a': block('a'), 'b': block('b')}, 2)
    assert calls == ['a', 'b', 'b', 'a']
    assert times['a'].tolist() == [1, 4]


def test_ratios_are_paired_and_the_right_way_round(bench):
    """Ours takes 2 and 4 s, detection 1 s, three networks 8 s."""
    times = dict(
        ours=np.array([2.0, 4.0]),
        ours_detection_only=np.ones(2),
        mmdet_detector=np.ones(2),
        three_networks=np.array([8.0, 8.0]),
        three_networks_folded=np.array([6.0, 6.0]),
    )
    ratios = bench['measures'].frame_ratios(times)
    assert ratios['time_all_tasks_over_detector'].tolist() == [2, 4]
    over = 'fps_ours_over_three_networks'
    assert ratios[over].tolist() == [4, 2]
    assert ratios[f'{over}_folded'].tolist() == [3, 1.5]


def test_every_side_learns_in_its_step(bench, model):
    """All parameters of all four networks move, but for unused scales."""
    pytest.importorskip('lap')
    batch = dict(
        inputs=[
            torch.randint(256, (4, 3, *SIZE), dtype=torch.uint8)
            for _ in range(2)
        ],
        data_samples=[make_clip(4), make_clip(4, video=1)],
    )
    optim_wrapper = dict(optimizer=dict(type='mmvmtl.Muon', lr=1e-5))
    cfg = Config(dict(model=model, optim_wrapper=optim_wrapper))
    steps = bench['training'].training_steps(cfg, batch)
    assert list(steps) == ['ours', 'detector', 'reid', 'recogniser']
    for step in steps.values():
        assert step() > 0
        # What had a gradient has a state.
        moved = step.optim_wrapper.optimizer.state
        assert all(parameter in moved for parameter in step.net.parameters())


def test_unknown_part_is_one_sentence(bench, capsys):
    with pytest.raises(SystemExit) as exit_:
        bench['benchmark'].main(['speed'])
    assert exit_.value.code == 2
    assert "no measurement 'speed'" in capsys.readouterr().err


def test_absent_device_is_one_sentence(bench, capsys):
    if torch.cuda.is_available():
        pytest.skip('there is a GPU')
    with pytest.raises(SystemExit):
        bench['benchmark'].main(['--device', 'cuda'])
    assert "device 'cuda' can not be used" in capsys.readouterr().err


def test_peak_counts_memory_that_is_free_again(bench):
    """64 MiB in use, then free, in a fresh process: the peak keeps them."""
    script = (
        'import sys, numpy; sys.path.insert(0, sys.argv[1]);'
        'from benchmarks.memory import _resident_peak as peak;'
        'before = peak(); numpy.ones(2**23).sum(); print(peak() - before)'
    )
    run = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', script, str(TOOLS)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert 60 < float(run.stdout.split()[-1]) < 70

"""Every user's mistake ends in one sentence that names it, and exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from stock_models import retinanet

from mmvmtl.registry import MODELS

ROOT = Path(__file__).parents[2]


def _set(node: dict, path: str, value: object) -> None:
    *parents, last = path.split('.')
    for key in parents:
        node = node[int(key) if isinstance(node, list) else key]
    node[int(last) if isinstance(node, list) else last] = value


def _annotation(key: str, value: object) -> Callable:
    return lambda run: run.content['annotations'][3].update({key: value})


def _setting(path: str, value: object) -> Callable:
    return lambda run: _set(run.settings, path, value)


def _weights(**values: float) -> Callable:
    weights = dict(det=1.0, cls=1.0, track=1.0) | values
    loss = dict(type='mmvmtl.WeightedMTLLoss', weights=weights)
    return _setting('model.loss', loss)


def _no_mot_folder(run) -> None:
    run.settings['train_dataloader']['dataset'] = dict(
        type='mmvmtl.MOTVideoDataset',
        data_root='nope',
        metainfo=dict(classes=('disc',)),
    )


def _repeat_by_videos(run) -> None:
    loader = run.settings['train_dataloader']
    loader['dataset'] = dict(
        type='RepeatDataset', times=2, dataset=loader['dataset']
    )
    loader['sampler'] = dict(type='mmvmtl.VideoSampler')


def _empty(run) -> None:
    run.content.update(videos=[], images=[], annotations=[])


def _break_frame(run) -> None:
    (run.folder / '2.png').write_bytes(b'no picture')


def _film(frames: int) -> Callable:
    """Let the video be an mp4 of so many frames, or none, instead of 4."""

    def change(run) -> None:
        run.content['videos'][0]['file_name'] = 'film.mp4'
        for image in run.content['images']:
            image['file_name'] = None
        if frames:
            code = cv2.VideoWriter.fourcc(*'mp4v')
            path = str(run.folder / 'film.mp4')
            writer = cv2.VideoWriter(path, code, 10, (64, 64))
            for _ in range(frames):
                writer.write(np.zeros((64, 64, 3), np.uint8))
            writer.release()

    return change


class _Expression:
    """Stands in the config file as the code that it is made of."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __repr__(self) -> str:
        return self.code


class _Code:
    """Pickled, it touches a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        import os

        return os.system, (f'touch {self.path}.ran',)


def _code_checkpoint(path: Path) -> Path:
    torch.save({'state_dict': {}, 'meta': _Code(path)}, path)
    return path


def _text(path: Path) -> None:
    path.write_text('no checkpoint')


def _other(path: Path) -> None:
    torch.save({'state_dict': {'conv.weight': torch.ones(9)}}, path)


def _start(write: Callable) -> Callable:
    """Let training begin with ``start.pth``, which ``write`` makes."""

    def change(run) -> None:
        write(run.folder / 'start.pth')
        run.settings['load_from'] = str(run.folder / 'start.pth')

    return change


#: name, change of a right run, further arguments, words of the sentence.
TRAINING = [
    ('zero area', _annotation('bbox', [9, 9, 0, 5]), [], 'annotation 3'),
    ('NaN box', _annotation('bbox', [9, float('nan'), 4, 5]), [], 'finite'),
    ('outside', _annotation('bbox', [70, 9, 4, 5]), [], 'outside its image'),
    ('twice an id', _annotation('instance_id', 0), [], 'instance_id 0'),
    ('category', _annotation('category_id', 7), [], 'label 7'),
    ('empty data', _empty, [], 'annotations.json'),
    ('broken frame', _break_frame, [], '2.png'),
    (
        'broken frame in a worker',
        lambda run: (
            _break_frame(run),
            _setting('train_dataloader.num_workers', 1)(run),
        ),
        [],
        '2.png',
    ),
    ('no video file', _film(0), [], 'film.mp4 of video'),
    (
        'video shorter than its annotations',
        _film(2),
        [],
        'film.mp4 has no decodable frame',
    ),
    (
        'no annotations',
        _setting('train_dataloader.dataset.ann_file', 'nope.json'),
        [],
        'nope.json',
    ),
    (
        'no MOT folder',
        _no_mot_folder,
        [],
        'the data root nope does not exist; set data_root',
    ),
    (
        'videos that a wrapper repeats',
        _repeat_by_videos,
        [],
        'the videos of RepeatDataset',
    ),
    (
        'detector classes',
        _setting('model.head.heads.det.bbox_head.num_classes', 3),
        [],
        "task 'det'",
    ),
    (
        'clip classes',
        _setting('model.head.heads.cls.num_classes', 4),
        [],
        "task 'cls'",
    ),
    (
        'Runner key',
        _setting('optim_wraper', dict(type='OptimWrapper')),
        [],
        "'optim_wrapper'",
    ),
    (
        'argument of a class',
        _setting('train_dataloader.dataset.clips', dict(length=2)),
        [],
        "'clip'",
    ),
    (
        'type of MMDet',
        _setting('model.head.heads.det.bbox_head.type', 'RTMDetSepBNHed'),
        [],
        "no type 'RTMDetSepBNHed'; did you mean 'RTMDetSepBNHead'?",
    ),
    (
        'type of MMDet with its scope',
        _setting('model.neck', dict(type='mmdet.CSPNeXtPAFNP')),
        [],
        "did you mean 'mmdet.CSPNeXtPAFPN'?",
    ),
    (
        'type of MMEngine',
        _setting('train_dataloader.sampler.type', 'DefaultSampeler'),
        [],
        "no type 'DefaultSampeler'; did you mean 'DefaultSampler'?",
    ),
    (
        'optimizer',
        _setting('optim_wrapper.optimizer.type', 'AdamWW'),
        [],
        "'AdamWW'; did you mean 'AdamW'?",
    ),
    (
        'type of mmcv',
        _setting('model.backbone', dict(norm_cfg=dict(type='SyncBNN'))),
        [],
        "no type 'SyncBNN'; did you mean 'SyncBN'?",
    ),
    (
        'type like no other',
        _setting('custom_hooks', [dict(type='Qqqqq')]),
        [],
        "no type 'Qqqqq'; correct it, or register it",
    ),
    (
        'name of nothing in the config',
        _setting('lr', _Expression('2 * base_lr')),
        [],
        "tiny_run.py, line 10, can not be read: NameError: name 'base_lr'",
    ),
    (
        'config that is no Python',
        _setting('lr', _Expression('dict(')),
        [],
        'tiny_run.py, line 10, can not be read: SyntaxError',
    ),
    (
        'module that can not be imported',
        _setting('custom_imports', dict(imports=['nope_at_all'])),
        [],
        'nope_at_all',
    ),
    (
        'option that exists nowhere',
        None,
        ['--cfg-options', 'train_cfg.max_epoch=3'],
        "'max_epochs'",
    ),
    (
        'weight of no task',
        _weights(clss=1.0),
        [],
        "did you mean 'cls'",
    ),
    (
        'negative weight',
        _weights(cls=-1.0),
        [],
        'not negative',
    ),
    (
        'balancing never',
        _setting(
            'model.branch',
            dict(type='mmvmtl.TaskBranch', weighting='MGDA', interval=0),
        ),
        [],
        'interval=0',
    ),
    (
        'sharing of no task',
        _setting(
            'model.sharing',
            dict(
                type='mmvmtl.MTAN',
                in_channels=[16, 16, 16],
                tasks=('det', 'clss'),
            ),
        ),
        [],
        "did you mean 'cls'",
    ),
    ('work folder', None, ['--work-dir', '{file}/below'], '--work-dir'),
    ('checkpoint to resume', None, ['--resume', 'nope.pth'], 'nope.pth'),
    ('checkpoint to start from', _setting('load_from', 'a.pth'), [], 'a.pth'),
    ('code to start from', _start(_code_checkpoint), [], 'posix.system'),
    ('text to start from', _start(_text), [], 'can not be read'),
    ('another network to start from', _start(_other), [], 'another network'),
    (
        'code to resume',
        _start(_code_checkpoint),
        ['--resume', '{folder}/start.pth'],
        'posix.system',
    ),
    ('scaling', None, ['--auto-scale-lr'], 'base_batch_size'),
    (
        'wrapper',
        _setting('optim_wrapper.type', 'mmvmtl.NoWrapper'),
        ['--amp'],
        'NoWrapper',
    ),
]


def _sentence(capfd, code: object) -> str:
    """The one ``error:`` line of a tool that ended with ``code``."""
    assert code not in (0, None)
    err = capfd.readouterr().err
    assert 'Traceback' not in err
    lines = [line for line in err.splitlines() if line.startswith('error: ')]
    assert len(lines) == 1, err
    return lines[0]


@pytest.mark.parametrize(
    ('change', 'arguments', 'words'),
    [row[1:] for row in TRAINING],
    ids=[row[0] for row in TRAINING],
)
def test_training_refuses(change, arguments, words, tiny_run, tool, capfd):
    if change is not None:
        change(tiny_run)
    config = tiny_run.write()
    arguments = [
        a.format(file=config, folder=tiny_run.folder) for a in arguments
    ]
    with pytest.raises(SystemExit) as stop:
        tool('train')([config, *arguments])
    assert words in _sentence(capfd, stop.value.code)


def test_the_run_the_mistakes_are_made_in_is_right(tiny_run, tool):
    tool('train')([tiny_run.write()])
    assert (tiny_run.folder / 'work_dir/epoch_1.pth').is_file()


@pytest.mark.parametrize('name', ['train', 'test'])
def test_a_missing_config_is_refused(name, tool, capfd):
    arguments = ['nope.py'] + ['x.pth'] * (name == 'test')
    with pytest.raises(SystemExit) as stop:
        tool(name)(arguments)
    assert 'nope.py' in _sentence(capfd, stop.value.code)


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['nope.pth'], 'nope.pth'),
        (['{checkpoint}', '--out', 'a.xml'], 'a.xml'),
        (['{checkpoint}', '--out', '{file}/a.json'], '--out'),
        (['{code}'], 'posix.system'),
    ],
)
def test_testing_refuses(
    arguments, words, tiny_run, tiny_checkpoint, tool, capfd
):
    config = tiny_run.write()
    code = _code_checkpoint(tiny_run.folder / 'code.pth')
    arguments = [
        a.format(checkpoint=tiny_checkpoint, file=config, code=code)
        for a in arguments
    ]
    with pytest.raises(SystemExit) as stop:
        tool('test')([config, *arguments])
    assert words in _sentence(capfd, stop.value.code)
    assert not (tiny_run.folder / 'code.pth.ran').exists()


#: Real files whose headers claim more; by the frames that decode.
TRUNCATED = {'trackformer_snakeboard': 109, 'car_traffic_small': 917}


def _make_input(kind: str, folder: Path, frames: Path, request) -> list[str]:
    """Arguments of the input ``kind``; makes its files."""
    if kind == 'missing':
        return ['nope.mp4']
    if kind == 'no video':
        (folder / 'text.mp4').write_text('no video')
        return [str(folder / 'text.mp4')]
    if kind == 'broken frame':
        (frames / '3.png').write_bytes(b'no picture')
    if kind == 'no pictures':
        (folder / 'empty').mkdir()
        return [str(folder / 'empty')]
    if kind in TRUNCATED:
        data = request.getfixturevalue('shared_data')
        return [str(data / f'clips/{kind}.mp4'), '--no-video']
    return [str(frames)]


def _stock_checkpoint(path: Path) -> None:
    """As training a stock detector with our tool leaves it."""
    init_default_scope('mmdet')
    model = retinanet()
    weights = MODELS.build(model).state_dict()
    meta = dict(mmvmtl=dict(config=dict(model=model), classes={}))
    torch.save(dict(state_dict=weights, meta=meta), path)


@pytest.mark.parametrize(
    ('kind', 'arguments', 'words'),
    [
        ('missing', [], 'nope.mp4'),
        ('no video', [], 'text.mp4'),
        ('broken frame', [], '3.png'),
        ('no pictures', [], 'empty'),
        ('trackformer_snakeboard', [], '188 frames and 109 decode'),
        (
            'car_traffic_small',
            ['--tasks', 'det'],
            '922 frames and 917 decode',
        ),
        ('right', ['--tasks', 'dett'], "'dett'"),
        ('right', ['--tasks', 'track'], "'track' needs boxes"),
        ('right', ['--device', 'cuda:77'], 'cuda:77'),
        ('right', ['--batch-size', '0'], 'batch size'),
        ('right', ['--out-dir', '{file}/x'], '--out-dir'),
        ('right', ['--checkpoint', 'no.pth'], 'no.pth'),
        ('right', ['--checkpoint', '{file}'], 'damaged or no checkpoint'),
        ('right', ['--checkpoint', '{code}'], 'posix.system'),
        ('right', ['--checkpoint', '{stock}'], 'is of a RetinaNet'),
    ],
)
def test_inference_refuses(
    kind, arguments, words, tmp_path, frames_folder, tiny_checkpoint,
    tool, capfd, request,
):  # fmt: skip
    given = _make_input(kind, tmp_path, frames_folder, request)
    (tmp_path / 'file').write_text('a file')
    code = _code_checkpoint(tmp_path / 'code.pth')
    arguments = [
        a.format(
            file=tmp_path / 'file', code=code, stock=tmp_path / 'stock.pth'
        )
        for a in arguments
    ]
    _stock_checkpoint(tmp_path / 'stock.pth')
    base = ['--checkpoint', str(tiny_checkpoint), '--device', 'cpu']
    base += ['--out-dir', str(tmp_path / 'out'), '--batch-size', '16']
    with pytest.raises(SystemExit) as stop:
        tool('infer')([*given, *base, *arguments])
    assert words in _sentence(capfd, stop.value.code)
    assert not (tmp_path / 'code.pth.ran').exists()
    if kind in TRUNCATED:
        # The exit code tells a script; what decodes is kept all the same.
        result = json.loads((tmp_path / f'out/{kind}.json').read_text())
        assert len(result['frames']) == TRUNCATED[kind]


def test_a_real_process_prints_one_sentence_and_fails():
    done = subprocess.run(
        [sys.executable, ROOT / 'tools/train.py', 'nope.py'],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 2
    assert done.stderr.startswith('error: the config nope.py does not exist')
    assert 'Traceback' not in done.stderr

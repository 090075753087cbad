"""The converter and the browser, run as a user would."""

import importlib.util
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmvmtl.datasets import VideoMTLDataset

TOOLS = Path(__file__).parents[2] / 'tools'


def load_main(name):
    spec = importlib.util.spec_from_file_location('tool', TOOLS / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


@pytest.fixture
def root(tmp_path):
    root = tmp_path / 'fish'
    (root / 'gt').mkdir(parents=True)
    (root / 'img1').mkdir()
    for number in (1, 2, 3):
        name = root / 'img1' / f'{number:06d}.jpg'
        cv2.imwrite(str(name), np.zeros((40, 60, 3), np.uint8))
    rows = [f'{n},1,{10 + 5 * n},10,20,10,1,1,1' for n in (1, 2, 3)]
    (root / 'gt' / 'gt.txt').write_text('\n'.join(rows))
    return root


CONFIG = """
default_scope = 'mmdet'
train_dataloader = dict(dataset=dict(
    type='mmvmtl.VideoMTLDataset', data_root='{root}', ann_file='ann.json',
    clip=dict(length=3),
    pipeline=[
        dict(type='mmvmtl.LoadVideoFrames'),
        dict(type='mmvmtl.ClipResize', scale=(30, 20)),
        dict(type='mmvmtl.PackVideoInputs', original_gt=True)]))
"""


def test_convert_then_browse(root, tmp_path, capsys):
    out = root / 'ann.json'
    load_main('dataset_converters/mot2cocovid.py')(
        [str(root), '--classes', 'fish', '--out', str(out)]
    )
    content = json.loads(out.read_text())
    assert len(content['annotations']) == 3
    assert '3 images' in capsys.readouterr().out
    config = tmp_path / 'config.py'
    config.write_text(CONFIG.format(root=root.as_posix()))
    folder = tmp_path / 'drawn'
    load_main('browse_dataset.py')(
        [str(config), '--out-dir', str(folder), '--number', '2']
    )
    drawn = sorted(folder.iterdir())
    assert [path.name for path in drawn] == [
        'train_000000.png', 'train_000002.png',
    ]  # fmt: skip
    # Three frames of 30×20 beside each other, enlarged; the box in place:
    # its left edge at x = 15 / 2 in the first.
    picture = cv2.imread(str(drawn[0])).astype(int)
    zoom = picture.shape[0] // 20
    assert picture.shape[1] == 3 * 30 * zoom
    colourful = picture.max(2) - picture.min(2) > 60
    columns = np.flatnonzero(colourful[8 * zoom])
    assert abs(columns[0] - 7.5 * zoom) <= zoom


def test_mistakes_end_with_one_sentence(root, tmp_path, capsys):
    convert = load_main('dataset_converters/mot2cocovid.py')
    for arguments, words in (
        (['no-folder', '--out', 'x.json'], 'no MOT sequence'),
        ([str(root), '--out', str(tmp_path / 'no' / 'x')], '--out'),
    ):
        with pytest.raises(SystemExit) as stop:
            convert([*arguments, '--classes', 'fish'])
        assert stop.value.code == 2
        error = capsys.readouterr().err.strip()
        assert error.startswith('error: ')
        assert words in error
        assert '\n' not in error
    browse = load_main('browse_dataset.py')
    config = tmp_path / 'config.py'
    config.write_text("default_scope = 'mmdet'\n")
    with pytest.raises(SystemExit):
        browse([str(config), '--out-dir', str(tmp_path / 'drawn')])
    assert 'no train_dataloader' in capsys.readouterr().err


@pytest.mark.parametrize(
    'name', ['synthetic/rtmdet_tiny_stock', 'domain/day_to_fog_teacher']
)
def test_what_is_no_clip_of_ours_can_not_be_browsed(name, tmp_path, capsys):
    config = Path(__file__).parents[2] / f'configs/{name}.py'
    with pytest.raises(SystemExit):
        load_main('browse_dataset.py')(
            [str(config), '--number', '1', '--out-dir', str(tmp_path)]
        )
    assert 'only clips of mmvmtl.PackVideoInputs' in capsys.readouterr().err


def test_yolo_labels_become_cocovid(root, tmp_path, capsys):
    (tmp_path / 'labels').mkdir()
    (tmp_path / 'images').mkdir()
    (tmp_path / 'labels' / 'a.txt').write_text('1 0.5 0.5 0.5 0.5')
    for name in 'ab':
        picture = np.zeros((40, 60, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f'images/{name}.png'), picture)
    out = tmp_path / 'out.json'
    convert = load_main('dataset_converters/yolo2cocovid.py')
    convert([str(tmp_path), '--out', str(out)])
    content = json.loads(out.read_text())
    assert [c['name'] for c in content['categories'][:2]] == [
        'person', 'bicycle',
    ]  # fmt: skip
    assert content['annotations'][0]['bbox'] == [15, 10, 30, 20]
    assert '1 images without labels, 0 labels' in capsys.readouterr().out
    with pytest.raises(SystemExit):
        convert([str(root), '--out', str(out)])
    assert 'no labelled image' in capsys.readouterr().err


def test_coco_images_become_videos_of_one_frame(tmp_path, capsys):
    """What MMDet's data set drops is left out, a crowd is ignored."""
    boxes = [[1, 2, 30, 20], [5, 5, 0.5, 9], [70, 0, 9, 9], [0, 0, 60, 40]]
    coco = dict(
        info={},
        images=[
            dict(id=7, file_name='a.jpg', width=60, height=40, license=1),
            dict(id=9, file_name='b.jpg', width=60, height=40),
        ],
        annotations=[
            dict(id=n, image_id=7, category_id=3, bbox=b, iscrowd=int(n == 3))
            for n, b in enumerate(boxes)
        ],
        categories=[dict(id=3, name='car', supercategory='vehicle')],
    )
    for image in coco['images']:
        picture = np.zeros((40, 60, 3), np.uint8)
        cv2.imwrite(str(tmp_path / image['file_name']), picture)
    path, out = tmp_path / 'coco.json', tmp_path / 'out.json'
    path.write_text(json.dumps(coco))
    convert = load_main('dataset_converters/coco2cocovid.py')
    convert([str(path), '--out', str(out)])
    assert '2 boxes without area' in capsys.readouterr().out
    data = VideoMTLDataset(
        data_root=str(tmp_path), ann_file='out.json', test_mode=True
    )
    frames = [data.get_data_info(i)['frames'][0] for i in range(2)]
    assert [frame['img_id'] for frame in frames] == [7, 9]
    assert frames[0]['gt_bboxes'].tolist() == [[1, 2, 31, 22], [0, 0, 60, 40]]
    assert frames[0]['gt_ignore_flags'].tolist() == [False, True]
    assert len(frames[1]['gt_bboxes']) == 0
    path.write_text('{"images": []}')
    with pytest.raises(SystemExit):
        convert([str(path), '--out', str(out)])
    assert "no 'annotations'" in capsys.readouterr().err


def test_segments_become_cocovid(tmp_path, capsys):
    (tmp_path / 'videos').mkdir()
    code = cv2.VideoWriter_fourcc(*'mp4v')
    path = str(tmp_path / 'videos' / 'v.mp4')
    writer = cv2.VideoWriter(path, code, 10, (64, 48))
    for _ in range(9):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    (tmp_path / 'segments.csv').write_text(
        'video,start_frame,end_frame,label\nv,0,4,falling\nv,4,9,walk\n'
    )
    out = tmp_path / 'out.json'
    convert = load_main('dataset_converters/segments2cocovid.py')
    classes = ['--classes', 'walk', 'fall=falling,falled', '--out', str(out)]
    convert([str(tmp_path), *classes])
    content = json.loads(out.read_text())
    labels = [video['clip_label'] for video in content['videos']]
    assert (content['tasks'], labels) == ({'cls': ['walk', 'fall']}, [1, 0])
    assert '2 videos, 9 images' in capsys.readouterr().out
    with pytest.raises(SystemExit):
        convert([str(tmp_path), '--drop', 'walk', *classes])
    assert "'walk' stands twice" in capsys.readouterr().err

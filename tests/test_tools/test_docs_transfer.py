"""What docs/transfer.md shows builds, and its commands are those there are."""

import importlib.util
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import torch
from mmengine.dataset import Compose
from mmengine.optim import build_optim_wrapper
from mmengine.registry import (
    DATA_SAMPLERS,
    DATASETS,
    HOOKS,
    LOOPS,
    MODELS,
    init_default_scope,
)

from mmvmtl.config_guard import load_config

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / 'docs' / 'transfer.md').read_text()
CONFIGS = re.findall(r'```python\n(.*?)```', TEXT, re.DOTALL)
COMMANDS = [
    shlex.split(line)
    for block in re.findall(r'```shell\n(.*?)```', TEXT, re.DOTALL)
    for line in block.replace('\\\n', ' ').splitlines()
]


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    """What the configs of the page read when they are built."""
    monkeypatch.chdir(tmp_path)
    made = Path('work_dirs/translate_day_to_fog/iter_500.pth')
    made.parent.mkdir(parents=True)
    generator = MODELS.build(dict(type='mmvmtl.TranslationGenerator'))
    state = {
        f'generators.target.{key}': value
        for key, value in generator.state_dict().items()
    }
    torch.save(dict(state_dict=state), made)
    Path('work_dirs/day_to_fog_importance.json').write_text(
        json.dumps(dict(weights=[1.0] * 240))
    )
    for domain in ('day', 'fog'):
        folder = Path('data', domain)
        folder.mkdir(parents=True)
        content = dict(videos=[], images=[], annotations=[], categories=[])
        (folder / 'train.json').write_text(json.dumps(content))


def read(block):
    path = Path('shown.py')
    path.write_text(block)
    cfg = load_config(path)
    if cfg.default_scope == 'mmaction':
        pytest.importorskip('mmaction')
    init_default_scope(cfg.default_scope)
    return cfg


@pytest.mark.parametrize('number', range(len(CONFIGS)))
def test_config_builds(number):
    """Model, optimizer, hooks; also the data, where they are drawn."""
    cfg = read(CONFIGS[number])
    model = MODELS.build(cfg.model)
    build_optim_wrapper(model, cfg.optim_wrapper)
    for hook in cfg.get('custom_hooks', ()):
        HOOKS.build(hook)
    assert cfg.train_cfg.get('type', 'EpochBasedTrainLoop') in LOOPS
    data = cfg.train_dataloader.dataset
    for part in [data, *data.get('datasets', ())]:
        Compose(part.get('pipeline', ()))
    if data.type == 'mmvmtl.SyntheticVideoDataset':
        built = DATASETS.build(data)
        built[0]
        sampler = cfg.train_dataloader.sampler
        DATA_SAMPLERS.build(sampler, default_args=dict(dataset=built))
        domains = cfg.model.get('domain', {}).get('domains', ())
        assert set(domains) <= built.domains


@pytest.mark.parametrize(
    'part',
    [
        *('FreezeHook', 'FinetuneCheckpointHook', 'LayerDecayConstructor'),
        *('L2SPHook', 'GradientHealthHook', 'EarlyStoppingHook'),
        *('DomainAdversary', 'DomainAdversarialHook', 'DomainAlignment'),
        *('AlternatingOptimWrapper', 'DomainAdaptiveDetector', 'SetDomain'),
        'DomainAdaptiveRecognizer',
        *('ImportanceSampler', 'FourierDomainTransfer', 'TranslateDomain'),
        *('ColourTransfer', 'MixStyleBackbone', 'MLDG', 'TeacherHook'),
        'AdaptiveBatchNormHook',
    ],
)
def test_a_config_shows(part):
    assert any(part in block for block in CONFIGS)


def test_every_config_is_whole():
    assert all(block.startswith('_base_') for block in CONFIGS)


def understand(tool, arguments, monkeypatch):
    """A tool takes the options, and its config exists."""
    monkeypatch.syspath_prepend(ROOT / 'tools')
    spec = importlib.util.spec_from_file_location('shown_tool', ROOT / tool)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    args = module.parse_args(arguments)
    config = getattr(args, 'config', None)
    if config is not None:
        load_config(ROOT / config)


@pytest.mark.parametrize('command', COMMANDS, ids=lambda c: ' '.join(c[1:3]))
def test_command_is_understood(command, monkeypatch):
    program, tool, *arguments = command
    assert program == 'python'
    understand(tool, arguments, monkeypatch)


def made(target):
    """Commands of the Makefile, which are printed in place of being run."""
    if shutil.which('make') is None:
        pytest.skip('no make')
    done = subprocess.run(
        ['make', '-sB', '-C', str(ROOT), '-o', 'setup', 'PY=echo', target],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    return [shlex.split(line) for line in lines if line.startswith('tools/')]


@pytest.mark.parametrize(
    'target, number', [('bench-generalise', 1), ('bench-meta', 8)]
)
def test_commands_of_make_are_understood(target, number, monkeypatch):
    commands = made(target)
    assert len(commands) == number
    for tool, *arguments in commands:
        understand(tool, arguments, monkeypatch)


def test_few_shot_tables_are_of_the_files_that_make_writes():
    words = [word for command in made('bench-meta') for word in command]
    written = {Path(w).stem for w in words if w.startswith('docs/results/')}
    assert set(re.findall(r'results:(few_shot_\S+)', TEXT)) == written


def test_files_and_links_of_the_page_exist():
    for name in re.findall(r'`((?:configs|tools)/[^`\s]*?)`', TEXT):
        pattern = re.sub(r'\{.*?\}', '*', name)
        assert list(ROOT.glob(pattern)), name
    for link in re.findall(r'\]\((?!https?:)([^)#]+)\)', TEXT):
        assert (ROOT / 'docs' / link).is_file()
    heads = re.findall(r'^#+ (.*)$', TEXT, re.MULTILINE)
    anchors = {
        re.sub(r'[^\w\- ]', '', head.lower()).replace(' ', '-')
        for head in heads
    }
    assert set(re.findall(r'\]\(#([^)]+)\)', TEXT)) <= anchors

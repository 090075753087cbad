"""What ``mim`` reads of our models, against the measured results."""

import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
INDEX = yaml.safe_load((ROOT / 'model-index.yml').read_text())
METAFILES = [ROOT / name for name in INDEX['Import']]
MODELS = [
    (path, model)
    for path in METAFILES
    for model in yaml.safe_load(path.read_text())['Models']
]
RESULTS = {
    result['config']: result['metrics']
    for path in sorted((ROOT / 'docs' / 'results').glob('demo*.json'))
    + [ROOT / f'docs/results/{name}.json' for name in ('zebrafish', 'seeds')]
    for result in [json.loads(path.read_text())]
}


def test_every_metafile_is_imported():
    assert set(METAFILES) == set((ROOT / 'configs').rglob('metafile.yml'))


def test_every_model_belongs_to_a_collection_and_has_its_own_name():
    collections = {
        collection['Name']
        for path in METAFILES
        for collection in yaml.safe_load(path.read_text()).get(
            'Collections', []
        )
    }
    names = [model['Name'] for _, model in MODELS]
    assert len(set(names)) == len(names)
    assert {model['In Collection'] for _, model in MODELS} <= collections


@pytest.mark.parametrize(
    'path, model', MODELS, ids=[model['Name'] for _, model in MODELS]
)
def test_numbers_are_those_of_the_result_file(path, model):
    """To the digits that the metafile gives: means over its seeds."""
    (result,) = model['Results']
    measured = RESULTS[model['Config']]
    text = path.read_text()
    for name, value in result['Metrics'].items():
        digits = len(re.search(rf'{name}: \d+\.(\d+)', text).group(1))
        mean = sum(measured[name]) / len(measured[name])
        assert value == pytest.approx(mean, abs=0.5 * 10**-digits), name

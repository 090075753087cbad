"""One rule of names for all that look at parameters."""

import pytest
from torch import nn

from mmvmtl.errors import UserError
from mmvmtl.models.balancing import shared_parameters
from mmvmtl.models.regularisers.base_regulariser import find_parameters
from mmvmtl.parameter_names import matching, nearest
from mmvmtl.task_graph import named_parameters

NAMES = ['neck.conv1.weight', 'neck.conv1.bias', 'neck.conv11.weight']


@pytest.mark.parametrize(
    'pattern, wanted',
    [
        ('neck', NAMES),
        ('neck.conv1', NAMES[:2]),
        ('neck.conv?', NAMES[:2]),
        ('*.bias', NAMES[1:2]),
        ('neck.conv1.weight', NAMES[:1]),
        ('nec', []),
    ],
)
def test_names_modules_and_patterns(pattern, wanted):
    assert matching(pattern, NAMES) == wanted


def test_modules_are_near_too():
    assert nearest('nek', NAMES).split(', ')[0] == 'neck'


def test_observer_branch_and_regulariser_read_a_pattern_alike():
    """Telemetry took no glob of modules, which the branch did."""
    model = nn.Sequential()
    for name in ('conv1', 'conv2'):
        model.add_module(name, nn.Linear(2, 2))
    names = [name for name, _ in model.named_parameters()]
    feats = [p * 1 for p in model.parameters()]
    assert list(named_parameters(model, ['conv?'])) == names
    assert find_parameters('conv?', names) == names
    assert len(shared_parameters(feats, model, ['conv?'])) == len(names)
    with pytest.raises(UserError, match=r"'cnv' names no.*conv1"):
        named_parameters(model, ['cnv'])

import pytest
import torch
from timm.layers import Conv2dSame
from torch import nn

from core.backbones.padding import Conv2dSameByKernel, pad_by_kernel


@pytest.mark.parametrize("side", [7, 8, 15, 16])
@pytest.mark.parametrize(
    ("kernel", "stride", "dilation"), [(3, 2, 1), (5, 2, 1), (2, 2, 1), (3, 1, 1), (4, 1, 1), (3, 2, 2)]
)
def test_the_same_numbers_and_gradients(side, kernel, stride, dilation):
    torch.manual_seed(0)
    theirs = Conv2dSame(4, 4, kernel, stride, dilation=dilation, groups=4)
    ours = Conv2dSame(4, 4, kernel, stride, dilation=dilation, groups=4)
    ours.load_state_dict(theirs.state_dict())
    pad_by_kernel(nn.Sequential(ours))
    assert type(ours) is Conv2dSameByKernel
    images = torch.randn(2, 4, side, side + 3)
    one, other = theirs(images), ours(images)
    assert torch.allclose(one, other, atol=1e-6)
    for each in (one, other):
        each.square().sum().backward()
    assert torch.allclose(theirs.weight.grad, ours.weight.grad, atol=1e-4)

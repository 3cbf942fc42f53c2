"""torch's values, told from others without importing torch.

That takes seconds, and a value can be torch's only where somebody has imported it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    import torch


def is_tensor(value: Any) -> TypeGuard[torch.Tensor]:
    """Whether a value is a torch tensor."""
    loaded = sys.modules.get("torch")
    return loaded is not None and isinstance(value, loaded.Tensor)


def is_plain_tensor(value: Any) -> TypeGuard[torch.Tensor]:
    """Whether a value is a tensor or a parameter, of no class of somebody's own."""
    loaded = sys.modules.get("torch")
    return loaded is not None and type(value) in (loaded.Tensor, loaded.nn.Parameter)

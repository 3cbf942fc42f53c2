"""How the exercises are called that are no plain functions.

A module is built, run forward and backward; a network is trained, then asked; of an
answer that is right in many ways, what is the same for all of them is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from convnets.answers import Call, call_function


def call_module(exercise: Callable[..., Any], call: Call) -> Any:
    """Build a torch module, give it weights, run it forward and backward.

    args: (init, weights, inputs, dy): init is a dict of constructor arguments;
    weights a dict from state_dict names to arrays, or None to keep what the
    constructor drew; inputs a list of arrays; dy the gradient of the output
    for the backward pass, or None.
    kwargs: train (bool, default False): train or eval mode; seed (int, default
    None): of torch's generator just before the forward pass, for modules that
    draw in it. The generator is as before when the call ends.
    Returns a dict: output, d_inputs and d_parameters (where dy is given) and
    state (every entry of the state_dict after the call).
    """
    init, weights, inputs, dy = call.args
    train = call.kwargs.get("train", False)
    module = exercise(**init)
    if not isinstance(module, torch.nn.Module):
        raise TypeError(
            f"{type(module).__name__} is no torch.nn.Module: "
            "the class must inherit from nn.Module"
        )
    if weights is not None:
        state = {name: torch.as_tensor(value) for name, value in weights.items()}
        dtype = next((t.dtype for t in state.values() if t.is_floating_point()), None)
        module = module.to(dtype) if dtype is not None else module
        _check_names(list(module.state_dict()), list(state))
        module.load_state_dict(state)
    module.train(train)
    tensors = [_leaf(value, dy is not None) for value in inputs]
    output = _forward(module, tensors, call.kwargs.get("seed"))
    result: dict[str, Any] = {"output": output}
    if dy is not None:
        _backward(output, torch.as_tensor(dy))
        result["d_inputs"] = [tensor.grad for tensor in tensors]
        result["d_parameters"] = {
            name: value.grad for name, value in module.named_parameters()
        }
    result["state"] = {
        name: value.detach().clone() for name, value in module.state_dict().items()
    }
    return result


def _forward(module: torch.nn.Module, tensors: list[Any], seed: int | None) -> Any:
    if seed is None:
        return module(*tensors)
    with torch.random.fork_rng(devices=[]):
        # torch.manual_seed also looks for devices, which takes a millisecond.
        torch.default_generator.manual_seed(seed)
        return module(*tensors)


def _backward(output: Any, dy: torch.Tensor) -> None:
    if getattr(output, "shape", None) == dy.shape:
        # The same gradients; giving dy to backward() imports sympy: a second.
        (output * dy).sum().backward()
    else:
        output.backward(dy)  # says what does not fit


def call_trained(exercise: Callable[..., Any], call: Call) -> Any:
    """Train a network, then ask it about inputs that it has not seen.

    args: those of the exercise, which returns a torch module, and last a list
    of arrays: the module's inputs. Returns its output in eval mode.
    """
    *given, inputs = call.args
    module = exercise(*given)
    if not isinstance(module, torch.nn.Module):
        raise TypeError(
            f"what came is of type {type(module).__name__}; "
            "the trained network, a torch.nn.Module, was expected"
        )
    module.eval()
    dtype = next((p.dtype for p in module.parameters()), torch.float32)
    with torch.no_grad():
        return module(*(_as_input(value, dtype) for value in inputs))


def _as_input(value: np.ndarray, dtype: torch.dtype) -> torch.Tensor:
    tensor = torch.as_tensor(value)
    return tensor.to(dtype) if tensor.is_floating_point() else tensor


def _check_names(found: list[str], wanted: list[str]) -> None:
    """torch says it in more words, and only half of it at times."""
    missing = [name for name in wanted if name not in found]
    more = [name for name in found if name not in wanted]
    if missing or more:
        raise RuntimeError(
            "the module's parameters and buffers are not those that were asked for; "
            f"missing: {', '.join(missing) or 'none'}; "
            f"not expected: {', '.join(more) or 'none'}"
        )


def _leaf(value: Any, wants_gradient: bool) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    tensor = torch.as_tensor(value.copy())
    return tensor.requires_grad_(wants_gradient and tensor.is_floating_point())


def merged_separable(factors: Any) -> dict[str, Any]:
    """What a depthwise and a pointwise step do together; many pairs do the same.

    factors: (w_dw (C, M, kh, kw), w_pw (O, C*M)). Returns their shapes and,
    where those fit, `merged` (O, C, kh, kw): how each output channel answers
    to a single pixel in each input channel, turned by 180 degrees.
    """
    pair = isinstance(factors, tuple | list) and len(factors) == 2
    if not pair or not all(isinstance(factor, np.ndarray) for factor in factors):
        raise TypeError(
            f"what came is of type {type(factors).__name__}; "
            "a tuple of two NumPy arrays, (w_dw, w_pw), was expected"
        )
    w_dw, w_pw = factors
    shapes = {"w_dw.shape": w_dw.shape, "w_pw.shape": w_pw.shape}
    if w_dw.ndim != 4 or w_pw.shape[1:] != (w_dw.shape[0] * w_dw.shape[1],):
        return {**shapes, "merged": None}
    C, _, kh, kw = w_dw.shape
    dtype = np.result_type(w_dw, w_pw)
    own, mix = (torch.tensor(np.ascontiguousarray(w, dtype)) for w in factors)
    pixel = torch.zeros(C, C, 2 * kh - 1, 2 * kw - 1, dtype=own.dtype)
    pixel[range(C), range(C), kh - 1, kw - 1] = 1
    maps = torch.conv2d(pixel, own.reshape(-1, 1, kh, kw), groups=C)
    answer = torch.conv2d(maps, mix[:, :, None, None])  # (C, O, kh, kw)
    return {**shapes, "merged": answer.flip(2, 3).transpose(0, 1).numpy()}


def merged_rank1(parts: Any) -> dict[str, Any]:
    """What a column and a row make together, and the error that they leave.

    parts: (col (kh, 1), row (1, kw), relative_error). Returns the shapes and,
    where those fit, `product` (kh, kw) and `relative_error` () with the dtype
    of the product; an error that rounding alone can make is 0.
    """
    three = isinstance(parts, tuple | list) and len(parts) == 3
    if not three or not all(isinstance(factor, np.ndarray) for factor in parts[:2]):
        raise TypeError(
            f"what came is of type {type(parts).__name__}; "
            "a tuple (col, row, relative_error) of two NumPy arrays and a float "
            "was expected"
        )
    col, row, error = parts
    if not isinstance(error, float | int | np.number):
        raise TypeError(
            f"relative_error is of type {type(error).__name__}; a float was expected"
        )
    shapes = {"col.shape": col.shape, "row.shape": row.shape}
    if (col.shape[1:], row.shape[:1], row.ndim) != ((1,), (1,), 2):
        return {**shapes, "product": None, "relative_error": error}
    product = col @ row
    dtype = product.dtype if product.dtype.kind == "f" else np.dtype(np.float64)
    # Taking the root of one minus the energy that is kept turns 1e-16 into 1e-8.
    rounding = 10 * float(np.finfo(dtype).eps) ** 0.5
    left = 0.0 if 0 <= error < rounding else error
    return {**shapes, "product": product, "relative_error": np.asarray(left, dtype)}


# For exercises with many right answers: what is the same for all of them.
MERGES: dict[str, Callable[[Any], Any]] = {
    "separable": merged_separable,
    "rank1": merged_rank1,
}


def call_merged(merge: Callable[[Any], Any]) -> Callable[..., Any]:
    """A caller "merged <name>": merge(exercise(*args, **kwargs))."""
    return lambda exercise, call: merge(call_function(exercise, call))


CALLERS: dict[str, Callable[[Callable[..., Any], Call], Any]] = {
    "module": call_module,
    "trained": call_trained,
    **{f"merged {name}": call_merged(merge) for name, merge in MERGES.items()},
}

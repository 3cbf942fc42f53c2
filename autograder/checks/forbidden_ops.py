"""Library calls that exercises of several chapters are about."""

from __future__ import annotations

from autograder.model import Forbidden

TORCH_CONV = Forbidden(
    "torch's own convolution",
    calls=("torch.*conv?d*", "torch.*Conv?d*", "torch.*convolution*",
           "torch.*conv_transpose*", "torch.*ConvTranspose*", "torch.*conv_tbc"),
    ops=("*conv?d*", "*convolution*", "*conv_transpose*", "conv_tbc"),
)  # fmt: skip

# Whether a convolution is grouped is seen when it runs, not in the source, where
# `groups` may be a variable that is 1.
TORCH_GROUPED_CONV = Forbidden("torch's own grouped convolution", ops=("*:grouped*",))

TORCH_CONV_TRANSPOSE = Forbidden(
    "torch's own transposed convolution",
    # The gradient of a convolution is one, too, but going that way is an answer.
    calls=("torch.*conv_transpose*", "torch.*ConvTranspose*", "torch.nn.grad.*"),
    ops=("*:transposed*", "*conv_transpose*"),
)

TORCH_UNFOLD = Forbidden(
    "torch's own im2col (unfold)",
    calls=("torch.nn.functional.unfold", "torch.nn.Unfold", "torch.*im2col"),
    ops=("im2col",),
)

TORCH_PIXEL_SHUFFLE = Forbidden(
    "torch's own pixel shuffle",
    calls=("torch.*pixel_shuffle", "torch.*pixel_unshuffle", "torch.*PixelShuffle",
           "torch.*PixelUnshuffle", "torch.*channel_shuffle"),
    ops=("pixel_shuffle", "pixel_unshuffle", "channel_shuffle"),
)  # fmt: skip

TORCH_UPSAMPLE = Forbidden(
    "torch's own upsampling",
    calls=("torch.*interpolate", "torch.*upsample*", "torch.*Upsampl*"),
    ops=("*upsample*",),
)

TORCH_POOL = Forbidden(
    "torch's own pooling",
    calls=("torch.*pool?d*", "torch.*Pool?d*"),
    ops=("*pool?d*",),
)

SCIPY_CONV = Forbidden(
    "SciPy's convolution",
    calls=tuple(
        f"scipy.{package}.*{word}*"
        for package in ("signal", "ndimage")
        for word in ("convolve", "correlate")
    ),
)

# torch runs a dropout as bernoulli_ and mul, which others use as well. Who draws
# instead of using the numbers given cannot be right anyhow.
TORCH_DROPOUT = Forbidden(
    "torch's own dropout",
    calls=("torch.*dropout*", "torch.*Dropout*", "torchvision.*drop_block*",
           "torchvision.*DropBlock*"),
)  # fmt: skip

TORCH_ATTENTION = Forbidden(
    "torch's own attention",
    calls=("torch.*scaled_dot_product*", "torch.*MultiheadAttention*",
           "torch.*multi_head_attention*", "torch.*flex_attention*",
           "torch.nn.Transformer*"),
    # The last one is what is left of it where torch takes it apart.
    ops=("*scaled_dot_product*", "*multi_head_attention*", "_safe_softmax"),
)  # fmt: skip

TORCH_NORM = Forbidden(
    "torch's own normalisation",
    calls=tuple(
        f"torch.*{word}*"
        for kind in ("batch", "instance", "group", "layer")
        for word in (f"{kind}_norm", f"{kind.title()}Norm")
    ),
    ops=("*batch_norm*", "*instance_norm*", "*group_norm*", "*layer_norm*"),
)

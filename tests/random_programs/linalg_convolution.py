"""Random two-dimensional convolutions of linalg, all sizes known."""

from dataclasses import dataclass

from .linalg_buffers import LinalgBuffers
from .nests import Nests
from .writer import Scope

TRIPS = 32
"""More iterations than any of them has."""


@dataclass
class LinalgConvolution:
    """Writes a linalg.conv_2d_nchw_fchw of small buffers and sums its result."""

    nests: Nests

    def write(self, scope: Scope) -> None:
        """Write one, unless it would run too often here."""
        if not self.nests.fits(scope, TRIPS):
            return
        writer, random = self.nests.writer, self.nests.writer.random
        writer.drew("linalg.conv_2d_nchw_fchw")
        element = self.nests.scalars.float_type()
        (rows, columns), (high, wide) = (
            [random.choice([1, 2]) for _ in range(2)] for _ in range(2)
        )
        strides, dilations = ([random.choice([1, 2]) for _ in "yx"] for _ in range(2))
        size = [
            (count - 1) * stride + (window - 1) * dilation + 1
            for count, stride, window, dilation in zip(
                (rows, columns), strides, (high, wide), dilations, strict=True
            )
        ]
        channels, features = random.choice([(1, 1), (1, 2), (2, 1)])
        shapes = (
            (1, channels, *size),
            (features, channels, high, wide),
            (1, features, rows, columns),
        )
        buffers = LinalgBuffers(self.nests)
        image, kernel, out = (
            buffers.new(scope, element, [(n, "") for n in shape]) for shape in shapes
        )
        for buffer in (image, kernel, out):
            buffers.give_contents(scope, buffer)
        writer.line(
            f"linalg.conv_2d_nchw_fchw {{strides = dense<{strides}> : tensor<2xi64>, "
            f"dilations = dense<{dilations}> : tensor<2xi64>}} "
            f"ins({image.name}, {kernel.name} : {image.type}, {kernel.type}) "
            f"outs({out.name} : {out.type})"
        )
        scope.add(buffers.total(scope, out))

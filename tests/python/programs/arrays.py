"""Types of arrays."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

import tapeflow as tf

Vector = Annotated[NDArray[np.float64], tf.f64[:]]
Matrix = Annotated[NDArray[np.float64], tf.f64[:, :]]
Cube = Annotated[NDArray[np.float64], tf.f64[:, :, :]]
Kernels = Annotated[NDArray[np.float64], tf.f64[:, :, :, :]]
Points2 = Annotated[NDArray[np.float64], tf.f64[:, 2]]
Points3 = Annotated[NDArray[np.float64], tf.f64[:, 3]]
Lattice = Annotated[NDArray[np.float64], tf.f64[:, :, :, 3]]
Subscripts = Annotated[NDArray[np.int64], tf.index[:]]
Pairs = Annotated[NDArray[np.int64], tf.index[:, 2]]

"""Mixtures and networks."""

import math
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

import tapeflow as tf
from tests.python.programs.arrays import Cube, Kernels, Matrix, Vector

Labels = Annotated[NDArray[np.int32], tf.i32[:]]
Gates = Annotated[NDArray[np.float64], tf.f64[:, 4, :]]
Extra = Annotated[NDArray[np.float64], tf.f64[3, :]]


def log_sum_exp(x: Vector) -> float:
    largest = x[0]
    for k in range(1, len(x)):
        largest = max(largest, x[k])
    total = 0.0
    for xk in x:
        total += math.exp(xk - largest)
    return largest + math.log(total)


def gmm(
    alpha: Vector,
    mean: Matrix,
    icf: Matrix,
    x: Matrix,
    gamma: float,
    m: int,
    log_normaliser: float,
) -> float:
    points, d = x.shape
    components, parameters = len(alpha), icf.shape[1]
    diagonal, log_det = np.empty((components, d)), np.empty(components)
    for k in range(components):
        s = 0.0
        for i in range(d):
            q = icf[k, i]
            diagonal[k, i] = math.exp(q)
            s += q
        log_det[k] = s
    centred, scaled, term = np.empty(d), np.empty(d), np.empty(components)
    likelihood = 0.0
    for n in range(points):
        for k in range(components):
            for i in range(d):
                difference = x[n, i] - mean[k, i]
                centred[i] = difference
                scaled[i] = diagonal[k, i] * difference
            entry = d
            for i in range(d):
                centred_i = centred[i]
                for j in range(i + 1, d):
                    scaled[j] += icf[k, entry] * centred_i
                    entry += 1
            distance2 = 0.0
            for i in range(d):
                distance2 += scaled[i] * scaled[i]
            term[k] = alpha[k] + log_det[k] - 0.5 * distance2
        likelihood += log_sum_exp(term)
    alpha_log_sum = log_sum_exp(alpha)
    half_gamma2 = 0.5 * (gamma * gamma)
    prior = 0.0
    for k in range(components):
        norm2 = 0.0
        for i in range(d):
            norm2 += diagonal[k, i] * diagonal[k, i]
        for e in range(d, parameters):
            norm2 += icf[k, e] * icf[k, e]
        prior += half_gamma2 * norm2 - m * log_det[k] - log_normaliser
    per_point = 0.5 * (d * 1.8378770664093453) + alpha_log_sum
    return likelihood - points * per_point + prior


def nn(
    x: Matrix, label: Labels, w1: Matrix, b1: Vector, w2: Matrix, b2: Vector
) -> float:
    samples, inputs = x.shape
    units, classes = w1.shape[0], w2.shape[0]
    hidden, logits = np.empty(units), np.empty(classes)
    loss = 0.0
    for n in range(samples):
        for u in range(units):
            z = b1[u]
            for i in range(inputs):
                z += w1[u, i] * x[n, i]
            hidden[u] = math.tanh(z)
        for k in range(classes):
            z = b2[k]
            for u in range(units):
                z += w2[k, u] * hidden[u]
            logits[k] = z
        loss += log_sum_exp(logits) - logits[label[n]]
    return loss / samples


def sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def lstm(
    weight: Gates,
    bias: Gates,
    extra: Extra,
    hidden: Matrix,
    cell: Matrix,
    sequence: Matrix,
) -> float:
    layers, units = hidden.shape
    predictions = sequence.shape[0] - 1
    signal = np.empty(units)
    total = 0.0
    for t in range(predictions):
        for i in range(units):
            signal[i] = sequence[t, i] * extra[0, i]
        for k in range(layers):
            for i in range(units):
                x, h = signal[i], hidden[k, i]
                forget = sigmoid(x * weight[k, 0, i] + bias[k, 0, i])
                accept = sigmoid(h * weight[k, 1, i] + bias[k, 1, i])
                output = sigmoid(x * weight[k, 2, i] + bias[k, 2, i])
                change = math.tanh(h * weight[k, 3, i] + bias[k, 3, i])
                c = cell[k, i] * forget + accept * change
                cell[k, i] = c
                h = output * math.tanh(c)
                hidden[k, i] = h
                signal[i] = h
        partition = 2.0
        for i in range(units):
            y = signal[i] * extra[1, i] + extra[2, i]
            signal[i] = y
            partition += math.exp(y)
        log_partition = math.log(partition)
        for i in range(units):
            total += sequence[t + 1, i] * (signal[i] - log_partition)
    return -(total / (predictions * units))


def convolved(maps: Cube, weights: Kernels, bias: Vector, result: Cube) -> None:
    channels, _, _ = maps.shape
    _, _, kernel_rows, kernel_columns = weights.shape
    kernels, rows, columns = result.shape
    for o in range(kernels):
        for i in range(rows):
            for j in range(columns):
                z = bias[o]
                for c in range(channels):
                    for p in range(kernel_rows):
                        for q in range(kernel_columns):
                            z += weights[o, c, p, q] * maps[c, i + p, j + q]
                result[o, i, j] = math.tanh(z)


def pooled(maps: Cube, result: Cube) -> None:
    kernels, rows, columns = result.shape
    for o in range(kernels):
        for i in range(rows):
            for j in range(columns):
                s = 0.0
                for p in range(2):
                    for q in range(2):
                        s += maps[o, 2 * i + p, 2 * j + q]
                result[o, i, j] = 0.25 * s


def lenet(
    image: Cube,
    label: int,
    w1: Kernels,
    b1: Vector,
    w3: Kernels,
    b3: Vector,
    w5: Kernels,
    b5: Vector,
    w6: Matrix,
    b6: Vector,
    w7: Matrix,
    b7: Vector,
) -> float:
    maps1, maps3 = w1.shape[0], w3.shape[0]
    rows1 = image.shape[1] - (w1.shape[2] - 1)
    columns1 = image.shape[2] - (w1.shape[3] - 1)
    rows2, columns2 = rows1 // 2, columns1 // 2
    rows3, columns3 = rows2 - (w3.shape[2] - 1), columns2 - (w3.shape[3] - 1)
    rows4, columns4 = rows3 // 2, columns3 // 2
    c1, s2 = np.empty((maps1, rows1, columns1)), np.empty((maps1, rows2, columns2))
    c3, s4 = np.empty((maps3, rows3, columns3)), np.empty((maps3, rows4, columns4))
    c5, f6, logits = np.empty(len(b5)), np.empty(len(b6)), np.empty(len(b7))
    convolved(image, w1, b1, c1)
    pooled(c1, s2)
    convolved(s2, w3, b3, c3)
    pooled(c3, s4)
    for u in range(len(b5)):
        z = b5[u]
        for m in range(maps3):
            for i in range(rows4):
                for j in range(columns4):
                    z += w5[u, m, i, j] * s4[m, i, j]
        c5[u] = math.tanh(z)
    for u in range(len(b6)):
        z = b6[u]
        for m in range(len(c5)):
            z += w6[u, m] * c5[m]
        f6[u] = math.tanh(z)
    for u in range(len(b7)):
        z = b7[u]
        for m in range(len(f6)):
            z += w7[u, m] * f6[m]
        logits[u] = z
    return log_sum_exp(logits) - logits[label]

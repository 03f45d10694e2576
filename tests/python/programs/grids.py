"""Dynamic programs, filters, sparse and dense linear algebra."""

import math

import numpy as np

from tests.python.programs.arrays import Cube, Matrix, Subscripts, Vector


def pathfinder(w: Matrix) -> float:
    rows, columns = w.shape
    d, following = np.empty(columns), np.empty(columns)
    for j in range(columns):
        d[j] = w[0, j]
    for r in range(1, rows):
        for j in range(columns):
            left, right = d[max(j - 1, 0)], d[min(j + 1, columns - 1)]
            following[j] = w[r, j] + min(left, d[j], right)
        d, following = following, d
    total = 0.0
    for j in range(columns):
        total += d[j]
    return total


def logsumexp(x: Vector) -> float:
    largest = x[0]
    for i in range(1, len(x)):
        largest = max(largest, x[i])
    total = 0.0
    for xi in x:
        total += math.exp(xi - largest)
    return largest + math.log(total)


def spmv(
    row_start: Subscripts, column: Subscripts, a: Vector, x0: Vector, steps: int
) -> float:
    n = len(x0)
    x, y = np.empty(n), np.empty(n)
    for i in range(n):
        x[i] = x0[i]
    for _ in range(steps):
        norm2 = 0.0
        for i in range(n):
            s = 0.0
            for e in range(row_start[i], row_start[i + 1]):
                s += a[e] * x[column[e]]
            y[i] = s
            norm2 += s * s
        norm = math.sqrt(norm2)
        for i in range(n):
            y[i] /= norm
        x, y = y, x
    xax, xx = 0.0, 0.0
    for i in range(n):
        s = 0.0
        for e in range(row_start[i], row_start[i + 1]):
            s += a[e] * x[column[e]]
        xax += x[i] * s
        xx += x[i] * x[i]
    return xax / xx


def sddmm(
    row_start: Subscripts, column: Subscripts, s: Vector, a: Matrix, b: Matrix
) -> float:
    rows, inner = a.shape
    norm = math.sqrt(inner)
    total = 0.0
    for i in range(rows):
        for e in range(row_start[i], row_start[i + 1]):
            j = column[e]
            dot = 0.0
            for k in range(inner):
                dot += a[i, k] * b[j, k]
            p = s[e] * dot / norm
            total += 1.0 / (1.0 + math.exp(-p))
    return total


def matdescent(a: Matrix, b: Vector, x: Vector, steps: int) -> float:
    rows, columns = a.shape
    saturated = np.empty(rows)
    for _ in range(steps):
        for i in range(rows):
            s = 0.0
            for j in range(columns):
                s += a[i, j] * x[j]
            saturated[i] = math.tanh(s - b[i])
        for j in range(columns):
            slope = 0.0
            for i in range(rows):
                slope += a[i, j] * saturated[i]
            x[j] -= 0.1 * slope
    squares = 0.0
    for i in range(rows):
        s = 0.0
        for j in range(columns):
            s += a[i, j] * x[j]
        residual = s - b[i]
        squares += residual * residual
    return 0.5 * squares


def mttkrp(x: Cube, b: Matrix, c: Matrix) -> float:
    ni, nj, nk = x.shape
    rank = b.shape[1]
    m = np.empty((ni, rank))
    for i in range(ni):
        m[i] = 0.0
        for j in range(nj):
            for k in range(nk):
                value = x[i, j, k]
                for r in range(rank):
                    m[i, r] += value * b[j, r] * c[k, r]
    total = 0.0
    for i in range(ni):
        for r in range(rank):
            t = math.tanh(m[i, r])
            total += t * t
    return total


def bilateral(image: Matrix) -> float:
    rows, columns = image.shape
    total = 0.0
    for i in range(rows):
        for j in range(columns):
            centre = image[i, j]
            weighted, weights = 0.0, 0.0
            for p in range(max(i - 2, 0), min(i + 3, rows)):
                dp2 = (p - i) * (p - i)
                for q in range(max(j - 2, 0), min(j + 3, columns)):
                    distance2 = dp2 + (q - j) * (q - j)
                    pixel = image[p, q]
                    difference = pixel - centre
                    weight = math.exp(
                        -0.2222222222222222 * distance2
                        - 12.5 * (difference * difference)
                    )
                    weighted += weight * pixel
                    weights += weight
            filtered = weighted / weights
            total += filtered * filtered
    return total


def reaction_diffusion(u0: Matrix, steps: int) -> float:
    rows, columns = u0.shape
    u, following = np.empty((rows, columns)), np.empty((rows, columns))
    for i in range(rows):
        for j in range(columns):
            u[i, j] = u0[i, j]
    for _ in range(steps):
        for i in range(rows):
            up, down = (i + (rows - 1)) % rows, (i + 1) % rows
            for j in range(columns):
                left, right = (j + (columns - 1)) % columns, (j + 1) % columns
                here = u[i, j]
                around = (u[up, j] + u[down, j]) + (u[i, left] + u[i, right])
                rate = (around - 4.0 * here) + here * (1.0 - here)
                following[i, j] = here + 0.05 * rate
        u, following = following, u
    total = 0.0
    for i in range(rows):
        for j in range(columns):
            total += u[i, j] * u[i, j]
    return total

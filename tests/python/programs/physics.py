"""Particles, springs and cameras."""

import math
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

import tapeflow as tf
from tests.python.programs.arrays import (
    Lattice,
    Pairs,
    Points2,
    Points3,
    Vector,
)

Cameras = Annotated[NDArray[np.float64], tf.f64[:, 11]]


def mass_spring(
    position: Points2,
    spring: Pairs,
    rest: Vector,
    stiffness: Vector,
    phase: Vector,
    dt: float,
    steps: int,
) -> float:
    points, springs = position.shape[0], spring.shape[0]
    velocity, force = np.zeros((points, 2)), np.empty((points, 2))
    for t in range(steps):
        beat = 10.0 * (t * dt)
        for p in range(points):
            force[p, 0] = 0.0
            force[p, 1] = -9.81
            height = position[p, 1]
            if height < 0.0:
                force[p, 1] = -9.81 - 1000.0 * height
        for s in range(springs):
            p, q = spring[s]
            dx = position[q, 0] - position[p, 0]
            dy = position[q, 1] - position[p, 1]
            length = math.sqrt(dx * dx + dy * dy)
            target = rest[s] * (1.0 + 0.1 * math.sin(beat + phase[s]))
            scale = stiffness[s] * (length - target) / length
            fx, fy = scale * dx, scale * dy
            force[p, 0] += fx
            force[p, 1] += fy
            force[q, 0] -= fx
            force[q, 1] -= fy
        for p in range(points):
            for axis in range(2):
                v = velocity[p, axis]
                v += dt * (force[p, axis] - 2.0 * v)
                velocity[p, axis] = v
                position[p, axis] += dt * v
    return position[0, 0]


def gravity(
    position: Points3, velocity: Points3, mass: Vector, dt: float, steps: int
) -> float:
    bodies = len(mass)
    for _ in range(steps):
        for i in range(bodies):
            xi, yi, zi = position[i]
            ax, ay, az = 0.0, 0.0, 0.0
            for j in range(bodies):
                dx, dy, dz = (
                    position[j, 0] - xi,
                    position[j, 1] - yi,
                    position[j, 2] - zi,
                )
                r2 = dx * dx + dy * dy + dz * dz + 0.01
                pull = mass[j] / (r2 * math.sqrt(r2))
                ax += pull * dx
                ay += pull * dy
                az += pull * dz
            velocity[i, 0] += dt * ax
            velocity[i, 1] += dt * ay
            velocity[i, 2] += dt * az
        for i in range(bodies):
            for axis in range(3):
                position[i, axis] += dt * velocity[i, axis]
    total = 0.0
    for i in range(bodies):
        for axis in range(3):
            total += position[i, axis] * position[i, axis]
    return total


def somier(
    position: Lattice, velocity: Lattice, stiffness: float, dt: float, steps: int
) -> float:
    n = position.shape[0]
    force = np.empty((n, n, n, 3))
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, n - 1):
                for k in range(1, n - 1):
                    x, y, z = position[i, j, k]
                    fx, fy, fz = 0.0, 0.0, 0.0
                    for axis in range(3):
                        di = 1 if axis == 0 else 0
                        dj = 1 if axis == 1 else 0
                        dk = 1 if axis == 2 else 0
                        for side in range(2):
                            ni = i - di + 2 * side * di
                            nj = j - dj + 2 * side * dj
                            nk = k - dk + 2 * side * dk
                            dx = position[ni, nj, nk, 0] - x
                            dy = position[ni, nj, nk, 1] - y
                            dz = position[ni, nj, nk, 2] - z
                            length = math.sqrt(dx * dx + dy * dy + dz * dz)
                            scale = stiffness * (length - 1.0) / length
                            fx += scale * dx
                            fy += scale * dy
                            fz += scale * dz
                    force[i, j, k, 0] = fx
                    force[i, j, k, 1] = fy
                    force[i, j, k, 2] = fz
        for i in range(1, n - 1):
            for j in range(1, n - 1):
                for k in range(1, n - 1):
                    for axis in range(3):
                        velocity[i, j, k, axis] += dt * force[i, j, k, axis]
                        position[i, j, k, axis] += dt * velocity[i, j, k, axis]
    total = 0.0
    for i in range(1, n - 1):
        for j in range(1, n - 1):
            for k in range(1, n - 1):
                ux = position[i, j, k, 0] - i
                uy = position[i, j, k, 1] - j
                uz = position[i, j, k, 2] - k
                total += ux * ux + uy * uy + uz * uz
    return total


def ba(
    camera: Cameras,
    point: Points3,
    weight: Vector,
    observation: Pairs,
    feature: Points2,
) -> float:
    total = 0.0
    for o in range(len(weight)):
        c, p = observation[o]
        x = point[p, 0] - camera[c, 3]
        y = point[p, 1] - camera[c, 4]
        z = point[p, 2] - camera[c, 5]
        rx, ry, rz = camera[c, 0], camera[c, 1], camera[c, 2]
        theta2 = rx * rx + ry * ry + rz * rz
        if theta2 > 0.0:
            theta = math.sqrt(theta2)
            cos, sin = math.cos(theta), math.sin(theta)
            ax, ay, az = rx / theta, ry / theta, rz / theta
            along = (ax * x + ay * y + az * z) * (1.0 - cos)
            u = cos * x + sin * (ay * z - az * y) + along * ax
            v = cos * y + sin * (az * x - ax * z) + along * ay
            w = cos * z + sin * (ax * y - ay * x) + along * az
        else:
            u = x + (ry * z - rz * y)
            v = y + (rz * x - rx * z)
            w = z + (rx * y - ry * x)
        s, t = u / w, v / w
        radius2 = s * s + t * t
        distortion = 1.0 + camera[c, 9] * radius2 + camera[c, 10] * (radius2 * radius2)
        projected_x = s * distortion * camera[c, 6] + camera[c, 7]
        projected_y = t * distortion * camera[c, 6] + camera[c, 8]
        error_x = weight[o] * (projected_x - feature[o, 0])
        error_y = weight[o] * (projected_y - feature[o, 1])
        error_w = 1.0 - weight[o] * weight[o]
        total += error_x * error_x
        total += error_y * error_y
        total += error_w * error_w
    return total

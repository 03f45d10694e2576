"""ba: ADBench's bundle adjustment, with a branch where a camera is not rotated."""

import math

import numpy as np

from tapeflow.programs.program import Array, Program

SMALL_ANGLE2 = 0.01


def draw(
    rng: np.random.Generator, cameras: int, points: int, observations: int
) -> tuple[Array, ...]:
    """camera [cameras, 11], point [points, 3], weight [observations], observation
    [observations, 2], feature [observations, 2].

    The first half of the cameras is rotated by about 0.001 radians, the very first not
    at all; the others by up to half a radian. All points are in front of all cameras.
    """
    angle = np.where(np.arange(cameras) < cameras / 2, 1e-3, 0.3)
    camera = np.column_stack(
        (
            angle[:, None] * rng.uniform(-1.0, 1.0, (cameras, 3)),
            rng.uniform(-0.3, 0.3, (cameras, 3)),
            rng.uniform(1.0, 2.0, cameras),
            0.1 * rng.standard_normal((cameras, 4)),
        )
    )
    camera[0, :3] = 0.0
    return (
        camera,
        rng.uniform((-1.0, -1.0, 4.0), (1.0, 1.0, 6.0), (points, 3)),
        rng.uniform(0.5, 1.5, observations),
        np.stack(
            (
                np.arange(observations) % cameras,
                rng.permutation(observations) % points,
            ),
            axis=1,
        ),
        0.2 * rng.standard_normal((observations, 2)),
    )


def rotation_coefficients(theta2: Array) -> tuple[Array, Array, Array]:
    """a, b, c with R x = a x + b (r cross x) + c (r . x) r, and |r|^2 = theta2.

    These are cos, sinc, and versine over theta2; near zero their series, which are
    accurate there.
    """
    small = np.abs(theta2) < SMALL_ANGLE2
    series_b = sum((-theta2) ** n / math.factorial(2 * n + 1) for n in range(7))
    series_c = sum((-theta2) ** n / math.factorial(2 * n + 2) for n in range(7))
    theta = np.sqrt(np.where(small, 1.0, theta2))
    b = np.where(small, series_b, np.sin(theta) / theta)
    c = np.where(small, series_c, (1.0 - np.cos(theta)) / theta**2)
    return 1.0 - theta2 * c, b, c


def rotation_slopes(theta2: Array) -> tuple[Array, Array, Array]:
    """Derivatives of the rotation's coefficients with respect to theta2."""
    a, b, c = rotation_coefficients(theta2)
    small = np.abs(theta2) < SMALL_ANGLE2
    powers = [-n * (-theta2) ** (n - 1) for n in range(1, 7)]
    series_b = sum(p / math.factorial(2 * n + 3) for n, p in enumerate(powers))
    series_c = sum(p / math.factorial(2 * n + 4) for n, p in enumerate(powers))
    safe = np.where(small, 1.0, theta2)
    b_slope = np.where(small, series_b, (a - b) / (2.0 * safe))
    c_slope = np.where(small, series_c, (0.5 * b - c) / safe)
    return -0.5 * b, b_slope, c_slope


def dot(x: Array, y: Array) -> Array:
    """Scalar products along the last axis, kept."""
    return (x * y).sum(axis=-1, keepdims=True)


def rotate(r: Array, x: Array) -> Array:
    """Rodrigues' rotation of x by the angle |r| about r."""
    a, b, c = rotation_coefficients(dot(r, r))
    return a * x + b * np.cross(r, x) + c * dot(r, x) * r


def rotate_adjoint(r: Array, x: Array, y_bar: Array) -> tuple[Array, Array]:
    """Adjoints of r and x where y = rotate(r, x)."""
    a, b, c = rotation_coefficients(dot(r, r))
    a_slope, b_slope, c_slope = rotation_slopes(dot(r, r))
    theta2_bar = (
        a_slope * dot(x, y_bar)
        + b_slope * dot(np.cross(r, x), y_bar)
        + c_slope * dot(r, x) * dot(r, y_bar)
    )
    through_axis = b * np.cross(x, y_bar) + c * (dot(r, y_bar) * x + dot(r, x) * y_bar)
    x_bar = a * y_bar + b * np.cross(y_bar, r) + c * dot(r, y_bar) * r
    return through_axis + 2.0 * theta2_bar * r, x_bar


def value_and_gradients(
    camera: Array, point: Array, weight: Array, observation: Array, feature: Array
) -> tuple[np.float64, tuple[Array, ...]]:
    """Sum of squared errors; adjoints of camera, point, weight."""
    which_camera, which_point = observation.T
    seen = camera[which_camera]
    r, centre, focal, principal, k = np.split(seen, (3, 6, 7, 9), axis=1)
    x = point[which_point] - centre
    w = weight[:, None]
    rotated = rotate(r, x)
    depth = rotated[:, 2:]
    image = rotated[:, :2] / depth
    radius2 = dot(image, image)
    distortion = 1.0 + k[:, :1] * radius2 + k[:, 1:] * radius2**2
    off = image * distortion * focal + principal - feature
    deviation = 1.0 - w * w
    value = (w * w * off * off).sum() + (deviation * deviation).sum()

    off_bar = 2.0 * w * w * off
    weight_bar = 2.0 * w * dot(off, off) - 4.0 * w * deviation
    focal_bar = dot(image * distortion, off_bar)
    distortion_bar = dot(image, off_bar) * focal
    k_bar = distortion_bar * np.concatenate((radius2, radius2**2), axis=1)
    radius2_bar = distortion_bar * (k[:, :1] + 2.0 * k[:, 1:] * radius2)
    image_bar = focal * distortion * off_bar + 2.0 * radius2_bar * image
    rotated_bar = np.concatenate((image_bar, -dot(image, image_bar)), axis=1) / depth

    r_bar, x_bar = rotate_adjoint(r, x, rotated_bar)
    seen_bar = np.concatenate((r_bar, -x_bar, focal_bar, off_bar, k_bar), axis=1)
    camera_bar = np.zeros_like(seen_bar, shape=camera.shape)
    point_bar = np.zeros_like(seen_bar, shape=point.shape)
    np.add.at(camera_bar, which_camera, seen_bar)
    np.add.at(point_bar, which_point, x_bar)
    return value, (camera_bar, point_bar, weight_bar[:, 0])


PROGRAM = Program(
    name="ba",
    definition=(
        "ADBench: bundle adjustment; sum of squared reprojection errors of points "
        "observed by cameras with radial distortion"
    ),
    wrt=(0, 1, 2),
    sizes={
        "tiny": {"cameras": 2, "points": 2, "observations": 3},
        "small": {"cameras": 4, "points": 20, "observations": 60},
        "paper": {"cameras": 8, "points": 64, "observations": 256},
        "large": {"cameras": 20, "points": 800, "observations": 4_000},
    },
    draw=draw,
    value_and_gradients=value_and_gradients,
)

"""Random numbers that depend on nothing but what they are for: who, what and which one.

A counter-based generator: unit 7 does the same whether ten or ten thousand others move beside it, in whatever order.
"""

import hashlib

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
_GOLDEN, _MIX_A, _MIX_B = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def stream(seed: int, name: str) -> np.uint64:
    """The key of one use of chance, such as "where the next stop is"."""
    return np.uint64(int.from_bytes(hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()))


def uniform(key: np.uint64, who: ArrayLike, which: ArrayLike) -> Floats:
    """Numbers in [0, 1), one for each pair of `who` and `which`."""
    with np.errstate(over="ignore"):
        mixed = _mix(_mix(np.asarray(who, np.uint64) * _GOLDEN + key) + np.asarray(which, np.uint64) * _GOLDEN)
    return np.asarray((mixed >> np.uint64(11)) * 2.0**-53)


def normal(key: np.uint64, who: ArrayLike, which: ArrayLike) -> Floats:
    """Standard normal numbers, by Box and Muller."""
    twice = np.asarray(which, np.uint64) * np.uint64(2)
    radius = np.sqrt(-2.0 * np.log1p(-uniform(key, who, twice)))
    return np.asarray(radius * np.cos(2.0 * np.pi * uniform(key, who, twice + np.uint64(1))))


def between(low: float, high: float, key: np.uint64, who: ArrayLike, which: ArrayLike) -> Floats:
    """Numbers in [low, high)."""
    return np.asarray(low + (high - low) * uniform(key, who, which))


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = (x ^ (x >> np.uint64(30))) * _MIX_A
    x = (x ^ (x >> np.uint64(27))) * _MIX_B
    return x ^ (x >> np.uint64(31))

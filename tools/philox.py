"""Random numbers that numpy and src/random/ draw alike: Philox4x32-10, a function of seed, label, position.

A stream is named by a seed and a label such as "init/conv1.weight". Key: [seed, FNV-1a of the label's UTF-8
bytes]. Counter: [block, 0, 0, 0] for block 0, 1, 2, ...; the four words of a block are used in order.

`python tools/philox.py` checks the known answers of the authors' Random123 library.

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

import numpy as np

ROUNDS = 10
MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
# Key increments per round: the golden ratio and sqrt(3) - 1, each as a 32-bit fraction.
WEYL = (0x9E3779B9, 0xBB67AE85)
LOW_32_BITS = np.uint64(0xFFFFFFFF)
SHIFT_32 = np.uint64(32)

# (counter, key, block), from Random123's kat_vectors.
KNOWN_ANSWERS = [
    ([0, 0, 0, 0], [0, 0], [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
]


def philox4x32(counters: np.ndarray, key: tuple[int, int]) -> np.ndarray:
    """Scrambles many counters under one key.

    counters: [N, 4] uint32. Returns [N, 4] uint32, 128 random bits a counter.
    """
    c0, c1, c2, c3 = (counters[:, word].astype(np.uint64) for word in range(4))
    k0, k1 = key
    for _ in range(ROUNDS):
        product0 = MULTIPLIERS[0] * c0  # uint64 holds the whole product of two 32-bit words
        product1 = MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (
            (product1 >> SHIFT_32) ^ c1 ^ np.uint64(k0),
            product1 & LOW_32_BITS,
            (product0 >> SHIFT_32) ^ c3 ^ np.uint64(k1),
            product0 & LOW_32_BITS,
        )
        k0 = (k0 + WEYL[0]) & 0xFFFFFFFF
        k1 = (k1 + WEYL[1]) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=1).astype(np.uint32)


def fnv1a32(text: str) -> int:
    """FNV-1a, 32 bits, of the UTF-8 bytes of a text."""
    value = 0x811C9DC5
    for byte in text.encode("utf-8"):
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def words(seed: int, label: str, count: int) -> np.ndarray:
    """The first `count` words of a stream. seed: 0 to 2^32 - 1. Returns [count] uint32."""
    blocks = -(-count // 4)
    counters = np.zeros((blocks, 4), np.uint32)
    counters[:, 0] = np.arange(blocks, dtype=np.uint32)
    return philox4x32(counters, (seed, fnv1a32(label))).reshape(-1)[:count]


def uniform(seed: int, label: str, count: int) -> np.ndarray:
    """The first `count` words of a stream as numbers in [0, 1), by their top 24 bits: [count] float64."""
    return (words(seed, label, count) >> np.uint32(8)).astype(np.float64) / 2**24


def normal(seed: int, label: str, count: int) -> np.ndarray:
    """The first `count` standard normal numbers of a stream, by Box-Muller: [count] float64.

    Two uniforms u, v give sqrt(-2 ln(1-u)) times cos(2 pi v) and then times sin(2 pi v).
    """
    u, v = uniform(seed, label, 2 * -(-count // 2)).reshape(-1, 2).T
    radius, angle = np.sqrt(-2 * np.log(1 - u)), 2 * np.pi * v
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)[:count]


def check_known_answers() -> None:
    """Raises AssertionError if the generator is not Philox4x32-10."""
    for counter, key, block in KNOWN_ANSWERS:
        found = philox4x32(np.array([counter], np.uint32), (key[0], key[1]))[0].tolist()
        assert found == block, f"philox4x32: counter {counter}, key {key}: found {found}, expected {block}"


if __name__ == "__main__":
    check_known_answers()
    print("Philox4x32-10 gives Random123's known answers")

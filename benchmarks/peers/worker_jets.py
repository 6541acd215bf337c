"""First and second derivatives of a cubic KAN, and their gradient, by PyTorch's autograd.

    python worker_jets.py FILE.npz THREADS

Prints the median seconds, and how far the derivatives are from those in the file, as JSON.
"""

import json
import statistics
import sys
import time

import numpy as np
import torch

DEGREE, ROUNDS = 3, 5


def basis(x, knots):
    """All B-splines at x (N, I), by the recursion of Cox and de Boor: (N, I, G + 3)."""
    x = x.unsqueeze(-1)
    values = ((x >= knots[:, :-1]) & (x < knots[:, 1:])).to(x.dtype)
    for k in range(1, DEGREE + 1):
        left = (x - knots[:, : -k - 1]) / (knots[:, k:-1] - knots[:, : -k - 1])
        right = (knots[:, k + 1 :] - x) / (knots[:, k + 1 :] - knots[:, 1:-k])
        values = left * values[..., :-1] + right * values[..., 1:]
    return values


def layer(x, knots, coefficients):
    """SiLU and splines of every edge, added up: (N, I) to (N, O)."""
    inside = torch.einsum("nim,imo->no", basis(x, knots), coefficients[:, :-1])
    return inside + torch.nn.functional.silu(x) @ coefficients[:, -1]


def derivatives(X, layers):
    """The value and all first and second derivatives, [6][N], in the order of jets."""
    x = X.clone().requires_grad_(True)
    y = x
    for knots, coefficients in layers:
        y = layer(y, knots, coefficients)

    def gradient(of):
        return torch.autograd.grad(of.sum(), x, create_graph=True)[0]

    first = gradient(y[:, 0])
    second = [gradient(first[:, i]) for i in range(2)]
    return torch.stack([y[:, 0], first[:, 0], first[:, 1], second[0][:, 0], second[0][:, 1],
                        second[1][:, 1]])  # fmt: skip


def main():
    given = np.load(sys.argv[1])
    torch.set_num_threads(int(sys.argv[2]))
    torch.set_default_dtype(torch.float64)
    X = torch.from_numpy(given["X"])
    count = sum(name.startswith("knots") for name in given.files)
    layers = [
        (
            torch.from_numpy(given[f"knots{at}"]),
            torch.from_numpy(given[f"coefficients{at}"]).requires_grad_(True),
        )
        for at in range(count)
    ]
    expected = torch.from_numpy(given["jets"])
    seconds = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        jets = derivatives(X, layers)
        (jets * expected).sum().backward()
        seconds.append(time.perf_counter() - began)
    difference = (jets - expected).abs().max() / expected.abs().max()
    print(json.dumps({"seconds": statistics.median(seconds[1:]), "difference": difference.item()}))


if __name__ == "__main__":
    main()

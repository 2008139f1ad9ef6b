#!/usr/bin/env python3
"""Makes pytorch_steps.safetensors: PyTorch's results of 20 training steps, in double and in float.

    python3 -m venv venv && venv/bin/pip install torch==2.13.0 numpy safetensors
    venv/bin/python tests/reference/make_pytorch_steps.py tests/reference/pytorch_steps.safetensors

Weights and images are not in the file: both sides draw them by Philox4x32-10 with the same counters
(core/base/rng.h, core/net/init.h, tests/simd/pytorch_inputs.h), so the file stays small. With --export DIR it
also writes each seed's weights and batches in the form that `conv4 train --init --batches` takes.

Tensors, per block order O in {bn-relu, relu-bn} and seed S in 1..10:
  O.S.loss64, O.S.loss32   [20]  loss of each step before its update, double and float
  O.S.drift32              [1]   |w32 - w64| / |w64| over all learned weights after 20 steps
and for seed 1, in double:
  O.grad.NAME              the first step's gradient: every k-th element, k = ceil(count / 1024)
  O.project.NAME     [16]  the whole gradient's inner products with 16 vectors of random signs
  O.running.NAME           running statistics after 20 steps
  O.eval.batch, O.eval.running  [16, 10]  logits of the next batch after 20 steps, by both statistics
"""
import math
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

STEPS, BATCH, SEEDS, SAMPLES, PROJECTIONS = 20, 16, 10, 1024, 16
INIT, TEST = 1, 5  # purposes of core/base/rng.h


def philox(seed, purpose, epoch, index):
    """The four words of each counter value of an array of indices, as [n, 4] uint32."""
    index = np.asarray(index, dtype=np.uint64)
    low = np.uint64(0xFFFFFFFF)
    c = [index & low, index >> np.uint64(32), np.full_like(index, epoch), np.full_like(index, purpose)]
    key0, key1 = np.uint64(seed & 0xFFFFFFFF), np.uint64(seed >> 32)
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ key0, p1 & low, (p0 >> np.uint64(32)) ^ c[3] ^ key1, p0 & low]
        key0, key1 = (key0 + np.uint64(0x9E3779B9)) & low, (key1 + np.uint64(0xBB67AE85)) & low
    return np.stack(c, axis=1).astype(np.uint32)


def words(seed, purpose, epoch, count):
    return philox(seed, purpose, epoch, np.arange((count + 3) // 4)).reshape(-1)[:count]


def batch_of(seed, step):
    """images uint8 [BATCH, 3, 32, 32] and labels: 8x8 patches of random colours under noise."""
    colour = (words(seed, TEST, 3 * step, BATCH * 48) >> 24).astype(np.int64) * 3 // 4
    noise = (words(seed, TEST, 3 * step + 1, BATCH * 3072) >> 26).astype(np.int64)
    images = colour.reshape(BATCH, 3, 4, 4).repeat(8, 2).repeat(8, 3) + noise.reshape(BATCH, 3, 32, 32)
    labels = (words(seed, TEST, 3 * step + 2, BATCH).astype(np.uint64) * np.uint64(10)) >> np.uint64(32)
    return images.astype(np.uint8), labels.astype(np.int64)


class Conv4(torch.nn.Module):
    def __init__(self, order):
        super().__init__()
        self.order = order
        for b in range(1, 5):
            setattr(self, f"conv{b}", torch.nn.Conv2d(3 if b == 1 else 64, 64, 3, padding=1))
            setattr(self, f"bn{b}", torch.nn.BatchNorm2d(64))
        self.linear = torch.nn.Linear(256, 10)

    def forward(self, x):
        for b in range(1, 5):
            conv, bn = getattr(self, f"conv{b}"), getattr(self, f"bn{b}")
            x = F.relu(bn(conv(x))) if self.order == "bn-relu" else bn(F.relu(conv(x)))
            x = F.max_pool2d(x, 2)
        return self.linear(x.flatten(1))


LEARNED = [f"{kind}{b}.{part}" for b in range(1, 5) for kind, part in
           (("conv", "weight"), ("conv", "bias"), ("bn", "weight"), ("bn", "bias"))] + \
          ["linear.weight", "linear.bias"]


def initial_weights(seed):
    """core/net/init.h: uniform in +-1/sqrt(fan_in), element i of tensor t from word i % 4 of index i / 4."""
    weights, model = {}, dict(Conv4("bn-relu").named_parameters())
    for t, name in enumerate(LEARNED):
        shape = tuple(model[name].shape)
        if name.startswith("bn"):
            weights[name] = np.full(shape, 1.0 if name.endswith("weight") else 0.0, np.float32)
            continue
        fan_in = 256 if name.startswith("linear") else 27 if name.startswith("conv1") else 576
        unit = words(seed, INIT, t, math.prod(shape)).astype(np.float64) * 2.0**-32
        weights[name] = ((2.0 * unit - 1.0) * (1.0 / math.sqrt(fan_in))).astype(np.float32).reshape(shape)
    return weights


def inputs(images, dtype):
    v = 2.0 * images.astype(np.float64) - 255.0
    return torch.from_numpy(v).to(dtype) / 255


def train(order, seed, dtype):
    model = Conv4(order).to(dtype)
    with torch.no_grad():
        for name, value in initial_weights(seed).items():
            dict(model.named_parameters())[name].copy_(torch.from_numpy(value))
    sgd = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    losses, first = [], None
    for step in range(STEPS):
        images, labels = batch_of(seed, step)
        sgd.zero_grad()
        loss = F.cross_entropy(model(inputs(images, dtype)), torch.from_numpy(labels))
        loss.backward()
        if step == 0:
            first = {n: p.grad.detach().double().flatten().numpy().copy() for n, p in model.named_parameters()}
        sgd.step()
        losses.append(loss.item())
    return model, np.array(losses), first


def flat(model):
    return torch.cat([p.detach().double().flatten() for p in model.parameters()])


def export(folder, seed):
    steps = [batch_of(seed, s) for s in range(STEPS)]
    save_file(initial_weights(seed) | {
        f"bn{b}.running_{k}": np.full(64, v, np.float32) for b in range(1, 5) for k, v in (("mean", 0), ("var", 1))},
        f"{folder}/init_{seed}.safetensors")
    save_file({"images": np.stack([i for i, _ in steps]), "labels": np.stack([l for _, l in steps])},
              f"{folder}/batches_{seed}.safetensors")


def main():
    torch.set_num_threads(1)
    if len(sys.argv) == 3 and sys.argv[1] == "--export":
        os.makedirs(sys.argv[2], exist_ok=True)
        for seed in range(1, SEEDS + 1):
            export(sys.argv[2], seed)
        return
    out = {}
    for order in ("bn-relu", "relu-bn"):
        for seed in range(1, SEEDS + 1):
            wide, loss64, first = train(order, seed, torch.float64)
            narrow, loss32, _ = train(order, seed, torch.float32)
            out[f"{order}.{seed}.loss64"], out[f"{order}.{seed}.loss32"] = loss64, loss32
            a, b = flat(narrow), flat(wide)
            out[f"{order}.{seed}.drift32"] = np.array([((a - b).norm() / b.norm()).item()])
            if seed > 1:
                continue
            for t, name in enumerate(LEARNED):
                g = first[name]
                out[f"{order}.grad.{name}"] = g[::-(-g.size // SAMPLES)].copy()
                signs = [np.where(words(100 + k, TEST, t, g.size) >> 31, 1.0, -1.0) for k in range(PROJECTIONS)]
                out[f"{order}.project.{name}"] = np.array([math.fsum(g * s) for s in signs])
            images, labels = batch_of(seed, STEPS)
            for name, value in wide.named_buffers():
                if "running" in name:
                    out[f"{order}.running.{name}"] = value.numpy().copy()
            with torch.no_grad():
                wide.eval()
                out[f"{order}.eval.running"] = wide(inputs(images, torch.float64)).numpy().copy()
                wide.train()
                out[f"{order}.eval.batch"] = wide(inputs(images, torch.float64)).numpy().copy()
        print(order, "median |loss32 - loss64| after 20 steps:", np.median(
            [abs(out[f"{order}.{s}.loss32"][-1] - out[f"{order}.{s}.loss64"][-1]) for s in range(1, SEEDS + 1)]))
    save_file(out, sys.argv[1], metadata={"torch": torch.__version__})


if __name__ == "__main__":
    main()

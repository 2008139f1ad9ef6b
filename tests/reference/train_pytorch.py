#!/usr/bin/env python3
"""Trains conv4 in PyTorch by the study's protocol, for comparison with `conv4 train`.

    python3 -m venv venv && venv/bin/pip install torch==2.13.0 numpy safetensors
    venv/bin/python tests/reference/train_pytorch.py DIR --images 10000 --epochs 2 --seeds 1 2 3

DIR holds cifar-10-batches-bin. Initial weights and shuffling are PyTorch's own, so the two implementations are
independent: accuracies agree within the spread over seeds. Evaluation is by batch statistics, in batches of 32 in file
order.
"""
import argparse
import os
import time

import numpy as np
import torch
import torch.nn.functional as F

from make_pytorch_steps import Conv4


def records(path, count):
    raw = np.fromfile(path, np.uint8).reshape(-1, 3073)[:count]
    return torch.from_numpy((2.0 * raw[:, 1:].reshape(-1, 3, 32, 32) - 255.0).astype(np.float32) / 255), \
        torch.from_numpy(raw[:, 0].astype(np.int64))


def accuracy(model, x, y):
    hits = 0
    with torch.no_grad():
        for first in range(0, len(x), 32):
            hits += (model(x[first:first + 32]).argmax(1) == y[first:first + 32]).sum().item()
    return 100.0 * hits / len(x)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("folder")
    p.add_argument("--images", type=int, default=10000)
    p.add_argument("--epochs", type=int, default=2)
    p.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    p.add_argument("--order", choices=["bn-relu", "relu-bn"], default="bn-relu")
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--channels-last", action="store_true")
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    batches = os.path.join(a.folder, "cifar-10-batches-bin")
    parts = [records(f"{batches}/data_batch_{b}.bin", 10000) for b in range(1, 2 + (a.images - 1) // 10000)]
    x, y = (torch.cat(t)[:a.images] for t in zip(*parts))
    test_x, test_y = records(f"{batches}/test_batch.bin", 10000)
    layout = torch.channels_last if a.channels_last else torch.contiguous_format
    x, test_x = x.contiguous(memory_format=layout), test_x.contiguous(memory_format=layout)
    for seed in a.seeds:
        torch.manual_seed(seed)
        model = Conv4(a.order).to(memory_format=layout)
        sgd = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
        for epoch in range(1, a.epochs + 1):
            start, losses = time.monotonic(), []
            for batch in torch.randperm(len(x)).split(32):
                sgd.zero_grad()
                loss = F.cross_entropy(model(x[batch].contiguous(memory_format=layout)), y[batch])
                loss.backward()
                sgd.step()
                losses.append(loss.item())
            seconds = time.monotonic() - start
            print(f"seed {seed} epoch {epoch}  loss {np.mean(losses):.4f}  train accuracy "
                  f"{accuracy(model, x, y):.2f} %  test accuracy {accuracy(model, test_x, test_y):.2f} %  "
                  f"{len(x) / seconds:.0f} images/s", flush=True)


if __name__ == "__main__":
    main()

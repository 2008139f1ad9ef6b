"""The network, its evaluation and CKA, as a PyTorch user would write them for speed on a CPU."""
import torch
import torch.nn.functional as F

LAYERS = ["pool1", "pool2", "pool3", "pool4", "logits"]


class Conv4(torch.nn.Module):
    def __init__(self, order):
        super().__init__()
        self.order = order
        for b in range(1, 5):
            setattr(self, f"conv{b}", torch.nn.Conv2d(3 if b == 1 else 64, 64, 3, padding=1))
            setattr(self, f"bn{b}", torch.nn.BatchNorm2d(64))
        self.linear = torch.nn.Linear(256, 10)
        self.to(memory_format=torch.channels_last)

    def statistics(self, which):
        """of training; of evaluation: "batch", which leaves the running ones alone, or "running"."""
        self.train(which != "running")
        for b in range(1, 5):
            getattr(self, f"bn{b}").track_running_stats = which != "batch"

    def forward(self, x, features=None):
        for b in range(1, 5):
            conv, bn = getattr(self, f"conv{b}"), getattr(self, f"bn{b}")
            x = F.relu(bn(conv(x)), inplace=True) if self.order == "bn-relu" else bn(F.relu(conv(x), inplace=True))
            x = F.max_pool2d(x, 2)
            if features is not None:
                features.append(x)
        return self.linear(x.flatten(1))


def images_of(bytes_nchw):
    """Normalised once, [N, 32, 32, 3] in memory, so that a batch is channels_last without a copy."""
    return (bytes_nchw.permute(0, 2, 3, 1).float().mul_(2).sub_(255).div_(255)).contiguous()


@torch.inference_mode()
def evaluate(network, images, begin, count, batch, statistics, features=False):
    """Logits of images begin .. begin + count - 1 in batches, or all layers' features, each [count, -1]."""
    network.statistics(statistics)
    out = None
    for first in range(0, count, batch):
        layers = [] if features else None
        x = images[begin + first:begin + min(first + batch, count)].permute(0, 3, 1, 2)
        logits = network(x, layers)
        # CKA does not depend on the order of features: as they lie in memory.
        parts = [p.permute(0, 2, 3, 1).flatten(1) for p in layers] + [logits] if features else [logits]
        if out is None:
            out = [torch.empty(count, p.shape[1]) for p in parts]
        for whole, part in zip(out, parts):
            whole[first:first + len(part)] = part
    network.statistics("training")
    return out if features else out[0]


class Side:
    """What linear CKA needs of each layer's first n rows: the Gram matrix, its diagonal apart, and row sums."""

    def __init__(self, grams, n):
        self.n, self.of = n, []
        for gram in grams:
            gram = gram[:n, :n].clone()
            diagonal = gram.diagonal().double()
            gram.fill_diagonal_(0)
            rows = gram.sum(1, dtype=torch.float64)
            self.of.append((gram.view(-1), diagonal, rows))
        self.own = [self.products(*layer, *layer) for layer in self.of]

    def products(self, a, a_diagonal, a_rows, b, b_diagonal, b_rows):
        """HSIC, biased and debiased, each up to a factor that cancels."""
        n, off = self.n, torch.dot(a, b).item()
        sums, whole_a, whole_b = a_rows.sum() * b_rows.sum(), a_rows + a_diagonal, b_rows + b_diagonal
        biased = off + a_diagonal @ b_diagonal - 2 / n * (whole_a @ whole_b) + whole_a.sum() * whole_b.sum() / n**2
        debiased = off + sums / ((n - 1) * (n - 2)) - 2 / (n - 2) * (a_rows @ b_rows)
        return biased.item(), debiased.item()

    def compare(self, other):
        """CKA, biased and debiased, of each layer; None where a layer is constant."""
        return [[cross / (own * reference)**.5 if own > 0 and reference > 0 else None
                 for cross, own, reference in zip(self.products(*a, *b), self_own, other_own)]
                for a, b, self_own, other_own in zip(self.of, other.of, self.own, other.own)]


@torch.inference_mode()
def grams(features, n):
    """Of the first n rows. Centring first keeps float's digits; a smaller number of rows is a corner of the matrix."""
    centred = [x[:n] - x[:n].mean(0) for x in features]
    return [torch.mm(x, x.T) for x in centred]

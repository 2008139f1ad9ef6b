"""The runs of a conv4 study in PyTorch, as a peer of `conv4 bench study --peers`: see README.md in this folder.

usage: pytorch.py FOLDER --workers N, with FOLDER/study/study.db and the files that conv4 writes beside it
"""
import argparse
import multiprocessing
import os
import platform
import sqlite3
import time

import protocol

KINDS = ["train", "forward", "cka", "store"]


class Clock:
    """Seconds by kind."""

    def __init__(self):
        self.seconds = dict.fromkeys(KINDS, 0.0)
        self.last = time.perf_counter()

    def start(self):
        self.last = time.perf_counter()

    def stop(self, kind):
        now = time.perf_counter()
        self.seconds[kind] += now - self.last
        self.last = now


def plan_of(folder):
    """The study's runs as conv4 planned them, seed by seed, sources and long ones first, and its settings."""
    db = sqlite3.connect(f"file:{folder}/study/study.db?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    runs = [dict(run) for run in db.execute("SELECT * FROM run ORDER BY seed, source IS NOT NULL, images * epochs DESC, key")]
    setting = dict(map(tuple, db.execute("SELECT name, value FROM setting")))
    db.close()
    return runs, setting


class Study:
    def __init__(self, folder):
        import torch
        from safetensors.torch import load_file

        import network
        torch.set_num_threads(1)
        torch.set_flush_denormal(True)
        self.torch, self.net, self.load_file = torch, network, load_file
        self.folder, self.clock, self.sides, self.seed = folder, Clock(), {}, None
        data = load_file(f"{folder}/data.safetensors")
        self.images = {name[7:]: network.images_of(x) for name, x in data.items() if name.startswith("images.")}
        self.data = {name: x for name, x in data.items() if not name.startswith("images.")}
        _, setting = plan_of(folder)
        numbers = ["batch", "cka_images", "train_accuracy_images", "accuracy_images"]
        self.batch, self.cka_images, self.train_accuracy_images, self.accuracy_images = (int(setting[n]) for n in numbers)
        self.lr, self.momentum = float(setting["lr"]), float(setting["momentum"])
        self.statistics, control = setting["statistics"], setting["control_images"]
        self.control = [] if control in ("", "none") else [int(n) for n in control.split(",")]
        self.warm_up()

    def warm_up(self):
        """The first step imports modules and makes kernels, which is not the study's."""
        torch, network = self.torch, self.net.Conv4("bn-relu")
        sgd = torch.optim.SGD(network.parameters(), lr=self.lr, momentum=self.momentum, fused=True)
        network(torch.zeros(self.batch, 32, 32, 3).permute(0, 3, 1, 2)).sum().backward()
        sgd.step()
        self.net.evaluate(network, torch.zeros(self.batch, 32, 32, 3), 0, self.batch, self.batch, "batch", True)

    # --- references ---

    def initial(self, seed, order):
        network = self.net.Conv4(order)
        network.load_state_dict(self.load_file(f"{self.folder}/seed-{seed}.safetensors"))
        return network

    def checkpoint(self, key):
        return f"{self.folder}/pytorch-{key}.safetensors"

    def reference(self, run, which, images, statistics, n):
        """A reference's side of CKA, made once, for every n, for all runs of a seed."""
        seed = run["seed"] + (which == "other-initialisation")
        name = run["source"] if which == "pretrained" else seed
        key = (name, run["block_order"], images, statistics)
        if n not in self.sides.get(key, {}):
            self.clock.start()
            network = self.initial(seed, run["block_order"])
            if which == "pretrained":
                network.load_state_dict(self.load_file(self.checkpoint(name)))
            sizes = {n} | (set(self.control) if which != "other-initialisation" and images == self.own_images(run) else set())
            sizes = sorted(min(size, len(self.images[images])) for size in sizes)
            self.sides[key] = self.side(self.features(network, images, statistics, max(sizes)), sizes)
        return self.sides[key][n]

    def own_images(self, run):
        return run["data"] + ("-heldout" if run["kind"] in ("finetune", "scratch") else "-test")

    def forwarded(self, rows, available):
        return min((rows + self.batch - 1) // self.batch * self.batch, available)

    def features(self, network, images, statistics, rows):
        data = self.images[images]
        features = self.net.evaluate(network, data, 0, self.forwarded(rows, len(data)), self.batch, statistics, True)
        self.clock.stop("forward")
        return features

    def side(self, features, sizes):
        grams = self.net.grams(features, max(sizes))
        sides = {n: self.net.Side(grams, n) for n in sizes}
        self.clock.stop("cka")
        return sides

    # --- measurements ---

    def compare(self, run, epoch, own, references, images, statistics):
        for which in references:
            side = self.reference(run, which, images, statistics, own.n)
            self.clock.start()
            for layer, values in zip(self.net.LAYERS, own.compare(side)):
                for quantity, value in zip(["cka_biased", "cka_debiased"], values):
                    self.rows.append((run["key"], epoch, quantity, layer, which, images, statistics, own.n, value))
            self.clock.stop("cka")

    def accuracy(self, run, epoch, quantity, logits, labels):
        hits = (logits.argmax(1) == labels).sum().item()
        self.rows.append((run["key"], epoch, quantity, "", "", "", self.statistics, len(labels), hits / len(labels)))

    def measure(self, run, network, epoch, labels):
        tunes, curve = run["kind"] in ("finetune", "scratch"), run["kind"] in ("pretrain", "size")
        own = self.own_images(run)
        self.clock.start()
        count = min(run["images"], self.train_accuracy_images)
        train_images = self.images[run["data"] + ("-tuning" if tunes else "-train")]
        logits = self.net.evaluate(network, train_images, 0, count, self.batch, self.statistics)
        self.accuracy(run, epoch, "train_accuracy", logits, labels["drawn"][:count])
        self.accuracy(run, epoch, "train_accuracy_clean", logits, labels["true"][:count])
        sizes = {self.cka_images} | ({run["curve_images"]} if curve else set())
        features = self.features(network, own, self.statistics, max(sizes))
        first, count = len(features[-1]), min(self.accuracy_images, len(self.images[own]))
        logits = features[-1]
        if count > first:
            more = self.net.evaluate(network, self.images[own], first, count - first, self.batch, self.statistics)
            logits = self.torch.cat([logits, more])
        self.accuracy(run, epoch, "test_accuracy", logits[:count], labels["evaluation"][:count])
        self.accuracy(run, epoch, "test_accuracy_clean", logits[:count], labels["evaluation_true"][:count])
        self.clock.stop("forward")
        references = ["initialisation"] + ["other-initialisation"] * (run["kind"] != "scratch") + ["pretrained"] * (run["kind"] == "finetune")
        for side in self.side(features, sorted(sizes)).values():
            self.compare(run, epoch, side, references, own, self.statistics)
        if run["kind"] == "finetune":
            other = ("svhn" if run["data"] == "cifar10" else "cifar10") + "-heldout"
            self.clock.start()
            features = self.features(network, other, self.statistics, self.cka_images)
            for side in self.side(features, [self.cka_images]).values():
                self.compare(run, epoch, side, ["pretrained"], other, self.statistics)
        if epoch == run["epochs"] and self.control:
            references = [r for r in references if r != "other-initialisation"]
            for statistics in ["batch", "running"]:
                self.control_rows(run, network, epoch, references, own, statistics, sizes)

    def control_rows(self, run, network, epoch, references, own, statistics, measured):
        wanted = [n for n in self.control if statistics != self.statistics or n not in measured]
        wanted = sorted({min(n, len(self.images[own])) for n in wanted})
        self.clock.start()
        features = self.features(network, own, statistics, max(self.control))
        if wanted:
            for side in self.side(features, wanted).values():
                self.compare(run, epoch, side, references, own, statistics)

    # --- a run ---

    def train(self, run, network, sgd, images, drawn, order):
        torch, loss, hits = self.torch, 0.0, 0
        network.statistics("training")
        for first in range(0, len(order), self.batch):
            batch = order[first:first + self.batch]
            x, y = images.index_select(0, batch).permute(0, 3, 1, 2), drawn[batch]
            logits = network(x)
            value = torch.nn.functional.cross_entropy(logits, y)
            sgd.zero_grad()
            value.backward()
            sgd.step()
            loss += value.item()
            hits += (logits.detach().argmax(1) == y).sum().item()
        return loss / ((len(order) + self.batch - 1) // self.batch), hits / len(order)

    def run(self, run):
        """Does a run; returns its rows and the seconds by kind."""
        self.rows, self.clock = [], Clock()
        if self.seed != run["seed"]:
            self.seed, self.sides = run["seed"], {}
        key, tunes = run["key"], run["kind"] in ("finetune", "scratch")
        labels = {name: self.data[f"{name}.{key}"].long() for name in ["drawn", "true", "evaluation", "evaluation_true"]}
        images = self.images[run["data"] + ("-tuning" if tunes else "-train")]
        network = self.initial(run["seed"], run["block_order"])
        if run["source"]:
            network.load_state_dict(self.load_file(self.checkpoint(run["source"])))
        sgd = self.torch.optim.SGD(network.parameters(), lr=self.lr, momentum=self.momentum, fused=True)
        orders = self.data[f"order.{'tune' if tunes else 'train'}.{run['seed']}.{run['images']}.{run['epochs']}"].long()
        for epoch in range(run["epochs"] + 1):
            if epoch > 0:
                self.clock.start()
                loss, running = self.train(run, network, sgd, images, labels["drawn"], orders[epoch - 1])
                for quantity, value in [("loss", loss), ("train_accuracy_running", running)]:
                    self.rows.append((key, epoch, quantity, "", "", "", self.statistics, run["images"], value))
                self.clock.stop("train")
            self.measure(run, network, epoch, labels)
        self.clock.start()
        from safetensors.torch import save_file
        save_file({name: x.contiguous() for name, x in network.state_dict().items()}, self.checkpoint(key))
        self.clock.stop("store")
        return self.rows, self.clock.seconds


# --- all runs, one process for each core ---

def become_worker(folder, barrier):
    global study  # pylint: disable=global-statement
    cores = sorted(os.sched_getaffinity(0))
    number = multiprocessing.current_process()._identity[0] - 1  # pylint: disable=protected-access
    os.sched_setaffinity(0, {cores[number * len(cores) // (barrier.parties - 1)]})
    study = Study(folder)
    barrier.wait()


def do_run(run):
    return study.run(run)


class Peer:
    def __init__(self, folder, workers):
        import torch
        self.folder, self.workers, self.torch = folder, workers, torch
        self.runs, _ = plan_of(folder)
        context = multiprocessing.get_context("spawn")
        barrier = context.Barrier(workers + 1)
        self.pool = context.Pool(workers, become_worker, (folder, barrier))
        barrier.wait(300)
        self.processes = list(self.pool._pool)  # pylint: disable=protected-access

    def ready(self):
        torch = self.torch
        config = [part.strip() for line in torch.__config__.show().splitlines() for part in line.split("- ")]
        versions = {"torch": torch.__version__, "python": platform.python_version()}
        versions |= {"onednn": part.split()[2].lstrip("v") for part in config if part.startswith("Intel(R) MKL-DNN")}
        return {"name": "PyTorch", "versions": versions, "workers": self.workers,
                "isa": torch.backends.cpu.get_cpu_capability(), "algorithm": "eager, channels_last"}

    def study(self):
        start, left, busy, done = time.perf_counter(), list(self.runs), {}, set()
        rows, total = [], dict.fromkeys(KINDS, 0.0)
        while left or busy:
            ready = [run for run in left if run["source"] is None or run["source"] in done]
            for run in ready[:self.workers - len(busy)]:
                busy[run["key"]] = self.pool.apply_async(do_run, (run,))
                left.remove(run)
            for key in [key for key, result in busy.items() if result.ready()]:
                some, seconds = busy.pop(key).get()
                done.add(key)
                rows += some
                for kind in KINDS:
                    total[kind] += seconds[kind]
            if not all(process.is_alive() for process in self.processes):
                raise RuntimeError("a process that trained was killed")
            time.sleep(0.002)
        began = time.perf_counter()
        db = sqlite3.connect(f"{self.folder}/peer.db")
        db.execute("CREATE TABLE result(run TEXT, epoch INTEGER, quantity TEXT, layer TEXT, reference TEXT, images TEXT,"
                   " statistics TEXT, n INTEGER, value REAL,"
                   " PRIMARY KEY(run, epoch, quantity, layer, reference, images, statistics, n))")
        db.executemany("INSERT INTO result VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        db.commit()
        db.close()
        total["store"] += time.perf_counter() - began
        protocol.say(seconds=time.perf_counter() - start, core_seconds=total, rows=len(rows))
        self.pool.terminate()


def make():
    p = argparse.ArgumentParser()
    p.add_argument("folder")
    p.add_argument("--workers", type=int, required=True)
    arguments = p.parse_args()
    import safetensors.torch  # pylint: disable=unused-import  # missing modules are told before anything starts
    return Peer(arguments.folder, arguments.workers)


if __name__ == "__main__":
    protocol.serve(make, {"study": Peer.study})

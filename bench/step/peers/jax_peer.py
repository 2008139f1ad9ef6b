"""conv4's training step and evaluation in JAX, jitted as a whole, NHWC, as a peer of `conv4 bench step --peers`."""
import os
import platform

import steps


def make(arguments):
    import jax
    import jax.numpy as jnp
    import numpy as np
    from jax import lax
    from safetensors.numpy import load_file

    blocks = range(1, 5)

    def forward(w, images, running=None):
        """Features of all layers, and each block's batch mean and unbiased variance; by running statistics if they are given."""
        x = (images.transpose(0, 2, 3, 1).astype(jnp.float32) * 2 - 255) / 255
        statistics, features = [], []

        def norm(x, b):
            mean, var = running[b - 1] if running else (x.mean((0, 1, 2)), x.var((0, 1, 2)))
            statistics.append((mean, var * (x.size / 64 / (x.size / 64 - 1))))
            return (x - mean) * lax.rsqrt(var + 1e-5) * w[f"bn{b}.weight"] + w[f"bn{b}.bias"]

        for b in blocks:
            x = lax.conv_general_dilated(x, w[f"conv{b}.weight"], (1, 1), "SAME",
                                         dimension_numbers=("NHWC", "HWIO", "NHWC")) + w[f"conv{b}.bias"]
            x = jax.nn.relu(norm(x, b)) if arguments.order == "bn-relu" else norm(jax.nn.relu(x), b)
            x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
            features.append(x)
        x = x.transpose(0, 3, 1, 2).reshape(len(x), -1)
        return features + [x @ w["linear.weight"].T + w["linear.bias"]], statistics

    def cross_entropy(logits, labels):
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1).mean()

    def loss_of(w, images, labels):
        features, statistics = forward(w, images)
        return cross_entropy(features[-1], labels), statistics

    def step(state, images, labels):
        w, momentum, running = state
        (loss, statistics), g = jax.value_and_grad(loss_of, has_aux=True)(w, images, labels)
        momentum = {k: 0.9 * momentum[k] + g[k] for k in w}
        running = [(0.9 * m + 0.1 * new_m, 0.9 * v + 0.1 * new_v)
                   for (m, v), (new_m, new_v) in zip(running, statistics)]
        return ({k: w[k] - 0.001 * momentum[k] for k in w}, momentum, running), loss

    def evaluation(state, images, labels):
        w, _, running = state
        features, _ = forward(w, images, running if arguments.evaluate == "running" else None)
        return cross_entropy(features[-1], labels), features

    class Peer:
        def __init__(self):
            data = load_file(arguments.batches)
            self.images = [jnp.asarray(i) for i in data["images"]]
            self.labels = [jnp.asarray(i, dtype=jnp.int32) for i in data["labels"]]
            self.batches = len(self.images)
            self.jitted = jax.jit(step, donate_argnums=0)
            self.evaluation = jax.jit(evaluation)
            self.reset()

        def reset(self):
            w = load_file(arguments.init)
            running = [(jnp.asarray(w[f"bn{b}.running_mean"]), jnp.asarray(w[f"bn{b}.running_var"])) for b in blocks]
            w = {k: jnp.asarray(v.transpose(2, 3, 1, 0) if v.ndim == 4 else v) for k, v in w.items()
                 if "running" not in k and "num_batches" not in k}
            self.state = w, {k: jnp.zeros_like(v) for k, v in w.items()}, running

        def step(self, i):
            self.state, loss = self.jitted(self.state, self.images[i], self.labels[i])
            value = float(loss)
            jax.block_until_ready(self.state)
            return value

        def evaluate(self, i):
            loss, features = self.evaluation(self.state, self.images[i], self.labels[i])
            jax.block_until_ready(features)
            return float(loss), features

        def norm(self, layer):
            return float(np.linalg.norm(np.asarray(layer, dtype=np.float64)))

        def ready(self):
            import jaxlib
            versions = {"jax": jax.__version__, "jaxlib": jaxlib.__version__, "python": platform.python_version()}
            return {"name": "JAX", "versions": versions, "threads": pool_threads(), "isa": None,
                    "algorithm": "jit, NHWC"}

    peer = Peer()
    peer.evaluate(0) if arguments.evaluate else peer.step(0)  # creates XLA's thread pool
    peer.reset()
    return peer


def pool_threads():
    """Threads of XLA's operation pool, from /proc; if none is found, the usable cores."""
    names = []
    for task in os.listdir("/proc/self/task"):
        with open(f"/proc/self/task/{task}/comm", encoding="ascii") as file:
            names.append(file.read().strip())
    return sum("Eigen" in name for name in names) or len(os.sched_getaffinity(0))


if __name__ == "__main__":
    steps.serve(make)

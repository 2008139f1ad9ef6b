"""conv4's training step and evaluation in PyTorch, as a peer of `conv4 bench step --peers`."""
import platform

import steps


def make(arguments):
    import torch
    import torch.nn.functional as F
    from safetensors.torch import load_file

    torch.set_num_threads(arguments.threads)
    form = torch.contiguous_format if arguments.variant == "nchw" else torch.channels_last

    class Conv4(torch.nn.Module):
        def __init__(self):
            super().__init__()
            for b in range(1, 5):
                setattr(self, f"conv{b}", torch.nn.Conv2d(3 if b == 1 else 64, 64, 3, padding=1))
                setattr(self, f"bn{b}", torch.nn.BatchNorm2d(64))
            self.linear = torch.nn.Linear(256, 10)

        def forward(self, x):
            """The pooled output of each block, and the logits."""
            features = []
            for b in range(1, 5):
                conv, bn = getattr(self, f"conv{b}"), getattr(self, f"bn{b}")
                x = F.relu(bn(conv(x))) if arguments.order == "bn-relu" else bn(F.relu(conv(x)))
                x = F.max_pool2d(x, 2)
                features.append(x)
            return features + [self.linear(x.flatten(1))]

    class Peer:
        def __init__(self):
            self.weights = load_file(arguments.init)
            data = load_file(arguments.batches)
            self.images, self.labels = data["images"], data["labels"].long()
            self.batches = len(self.images)
            self.reset()

        def reset(self):
            model = Conv4()
            model.load_state_dict(self.weights)
            model = model.to(memory_format=form)
            if arguments.evaluate:
                model.train(arguments.evaluate == "batch")
                for b in range(1, 5):  # an evaluation changes no running statistics
                    getattr(model, f"bn{b}").track_running_stats = arguments.evaluate == "running"
            self.sgd = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9, fused=True)

            def features_of(images, labels):
                x = (images.contiguous(memory_format=form).float() * 2 - 255) / 255
                features = model(x)
                return F.cross_entropy(features[-1], labels), features

            def loss_of(images, labels):
                return features_of(images, labels)[0]

            how = torch.compile if arguments.variant == "compile" else lambda function: function
            self.loss_of, self.features_of = how(loss_of), how(features_of)

        def step(self, i):
            self.sgd.zero_grad()
            loss = self.loss_of(self.images[i], self.labels[i])
            loss.backward()
            self.sgd.step()
            return loss.item()

        @torch.inference_mode()
        def evaluate(self, i):
            loss, features = self.features_of(self.images[i], self.labels[i])
            return loss.item(), features

        def norm(self, layer):
            return layer.double().norm().item()

        def ready(self):
            dnn = torch.backends.mkldnn.is_available()
            config = [part.strip() for line in torch.__config__.show().splitlines() for part in line.split("- ")]
            versions = {"torch": torch.__version__, "python": platform.python_version()}
            versions |= {"onednn": part.split()[2].lstrip("v") for part in config if dnn and part.startswith("Intel(R) MKL-DNN")}
            layout = "NCHW" if arguments.variant == "nchw" else "channels_last"
            how = "torch.compile" if arguments.variant == "compile" else "eager"
            return {"name": "PyTorch", "versions": versions, "threads": torch.get_num_threads(),
                    "isa": torch.backends.cpu.get_cpu_capability(), "algorithm": f"{how}, {layout}"}

    return Peer()


if __name__ == "__main__":
    steps.serve(make)

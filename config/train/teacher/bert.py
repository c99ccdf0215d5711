"""A small BERT (384 units, 6 or 12 layers) with sentiment heads, in plain PyTorch."""

import torch
from torch import nn
from torch.nn import functional as F

HIDDEN, HEADS, INNER = 384, 12, 1536


class Layer(nn.Module):
    """One encoder layer with BERT's post-layer normalisation."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(HIDDEN, 3 * HIDDEN)
        self.out = nn.Linear(HIDDEN, HIDDEN)
        self.norm1 = nn.LayerNorm(HIDDEN, eps=1e-12)
        self.up = nn.Linear(HIDDEN, INNER)
        self.down = nn.Linear(INNER, HIDDEN)
        self.norm2 = nn.LayerNorm(HIDDEN, eps=1e-12)

    def forward(self, x, mask, dropout):
        b, t, _ = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, HEADS, HIDDEN // HEADS).permute(2, 0, 3, 1, 4)
        a = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        a = self.out(a.transpose(1, 2).reshape(b, t, HIDDEN))
        x = self.norm1(x + F.dropout(a, dropout, self.training))
        y = self.down(F.gelu(self.up(x)))
        return self.norm2(x + F.dropout(y, dropout, self.training))


class Teacher(nn.Module):
    """The encoder and one linear head per task, over the state of [CLS] and the mean of states."""

    def __init__(self, tasks, layers):
        super().__init__()
        self.words = nn.Embedding(30522, HIDDEN)
        self.positions = nn.Embedding(512, HIDDEN)
        self.kinds = nn.Embedding(2, HIDDEN)
        self.norm = nn.LayerNorm(HIDDEN, eps=1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(layers))
        self.heads = nn.ModuleDict({name: nn.Linear(2 * HIDDEN, n) for name, n in tasks.items()})

    def features(self, ids, lengths, dropout=0.1):
        t = ids.shape[1]
        real = torch.arange(t, device=ids.device)[None] < lengths[:, None]
        mask = real[:, None, None, :]
        x = self.words(ids) + self.positions.weight[:t] + self.kinds.weight[0]
        x = F.dropout(self.norm(x), dropout, self.training)
        for layer in self.layers:
            x = layer(x, mask, dropout)
        mean = (x * real[..., None]).sum(1) / lengths[:, None]
        return F.dropout(torch.cat([x[:, 0], mean], 1).float(), dropout, self.training)


def read_onnx(path):
    """The weights in an ONNX file of langchain4j-embeddings, by their names in PyTorch."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(path).graph
    weights = {i.name: torch.tensor(numpy_helper.to_array(i)) for i in graph.initializer}
    for node in graph.node:  # exported products have anonymous weights (in, out)
        if node.op_type == "MatMul" and node.input[1] in weights:
            name = node.name.strip("/").replace("/MatMul", "").replace("/", ".")
            weights[name + ".weight"] = weights.pop(node.input[1]).T
    return {k.replace("layer.layer", "layer"): v for k, v in weights.items()}


def layers_of(weights):
    """The number of encoder layers."""
    return sum(name.endswith("intermediate.dense.weight") for name in weights)


def load(teacher, weights):
    """Copies an encoder's weights; the heads keep theirs."""

    def put(module, *names):
        for part in ("weight", "bias"):
            if hasattr(module, part) and getattr(module, part) is not None:
                value = torch.cat([weights[f"{n}.{part}"] for n in names])
                getattr(module, part).data.copy_(value)

    put(teacher.words, "embeddings.word_embeddings")
    put(teacher.positions, "embeddings.position_embeddings")
    put(teacher.kinds, "embeddings.token_type_embeddings")
    put(teacher.norm, "embeddings.LayerNorm")
    for i, layer in enumerate(teacher.layers):
        at = f"encoder.layer.{i}."
        put(layer.qkv, *(at + f"attention.self.{n}" for n in ("query", "key", "value")))
        put(layer.out, at + "attention.output.dense")
        put(layer.norm1, at + "attention.output.LayerNorm")
        put(layer.up, at + "intermediate.dense")
        put(layer.down, at + "output.dense")
        put(layer.norm2, at + "output.LayerNorm")

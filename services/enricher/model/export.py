"""The trained encoder as two ONNX files with 8-bit weights, which `services/enricher/encoder.py` runs.

The graphs are `network.py` once more, node by node. `encoder.onnx` tells the kind: inputs `ids` and `mask` (int64,
[texts, word pieces]), outputs `logits` ([texts, OUTPUTS]) and `states`, what the lower half made of the word pieces
([texts, word pieces, H]). `roles.onnx` goes on from `states` and `mask` to `tags` ([texts, word pieces, TAGS]); it is
only run for articles that tell of an attack. Weights are quantised to 7 bits by channel: processors without VNNI add
up products of 8 bits with saturation, and all shall say the same.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from services.enricher.model.network import ATTENTION_HEADS, EPSILON, FROZEN, LAYERS, OUTPUTS, TAGS, Parameters

OPSET = 17


def export(weights: Parameters, folder: Path) -> None:
    """Write `encoder.onnx` and `roles.onnx` into a folder."""
    for name, graph in (("encoder.onnx", _kind(weights)), ("roles.onnx", _roles(weights))):
        with TemporaryDirectory() as temporary:
            whole = Path(temporary) / name
            onnx.save(graph, whole)
            quantize_dynamic(whole, folder / name, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)


class _Graph:
    """Nodes and constants as they are added; every method returns the name of its result."""

    def __init__(self, weights: Parameters) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants.setdefault(name, numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(self, name: str, *, transposed: bool = False) -> str:
        value = np.asarray(self.weights[name], np.float32)
        return self.constant(name, value.T if transposed else value)

    def ints(self, *values: int) -> str:
        return self.constant("ints_" + "_".join(map(str, values)), np.array(values, np.int64))

    def number(self, value: float) -> str:
        return self.constant(f"number_{value}", np.array(value, np.float32))

    def __call__(self, kind: str, *inputs: str, result: str = "", **attributes: object) -> str:
        name = result or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def dense(self, name: str, x: str) -> str:
        product = self("MatMul", x, self.weight(f"{name}.weight", transposed=True))
        return self("Add", product, self.weight(f"{name}.bias"))

    def normed(self, name: str, x: str, *, result: str = "") -> str:
        scale, shift = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self("LayerNormalization", x, scale, shift, result=result, epsilon=EPSILON)


def _kind(weights: Parameters) -> onnx.ModelProto:
    graph = _Graph(weights)
    mask, closed = _masks(graph)
    wide = graph("Unsqueeze", closed, graph.ints(1, 2))
    x = _embedded(graph)
    for number in range(LAYERS):
        last = "states" if number == FROZEN - 1 else ""
        x = _layer(graph, f"encoder.layer.{number}.", x, wide, result=last)
    _answer(graph, x, mask, closed)
    return _model(graph, [_IDS, _MASK], [_LOGITS, _states(weights)])


def _roles(weights: Parameters) -> onnx.ModelProto:
    graph = _Graph(weights)
    _, closed = _masks(graph)
    wide = graph("Unsqueeze", closed, graph.ints(1, 2))
    x = "states"
    for number in range(FROZEN, LAYERS):
        x = _layer(graph, f"roles.layer.{number}.", x, wide)
    graph("Add", graph("MatMul", x, graph.weight("tags.kernel")), graph.weight("tags.bias"), result="tags")
    return _model(graph, [_states(weights), _MASK], [_TAGS])


_IDS, _MASK = (helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "pieces"]) for name in ("ids", "mask"))
_LOGITS = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", OUTPUTS])
_TAGS = helper.make_tensor_value_info("tags", TensorProto.FLOAT, ["texts", "pieces", TAGS])


def _states(weights: Parameters) -> onnx.ValueInfoProto:
    width = np.asarray(weights["embeddings.LayerNorm.bias"]).shape[0]
    return helper.make_tensor_value_info("states", TensorProto.FLOAT, ["texts", "pieces", width])


def _model(
    graph: _Graph, inputs: Sequence[onnx.ValueInfoProto], outputs: Sequence[onnx.ValueInfoProto]
) -> onnx.ModelProto:
    made = helper.make_graph(graph.nodes, "encoder", inputs, outputs, list(graph.constants.values()))
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def _masks(graph: _Graph) -> tuple[str, str]:
    """[B, T]: 1 where a word piece stands and 0 where it was padded; 0 and -1e9."""
    mask = graph("Cast", "mask", to=TensorProto.FLOAT)
    return mask, graph("Mul", graph("Sub", mask, graph.number(1.0)), graph.number(1e9))


def _embedded(graph: _Graph) -> str:
    words = graph("Gather", graph.weight("embeddings.word_embeddings.weight"), "ids")
    length = graph("Gather", graph("Shape", "ids"), graph.ints(1))
    places = graph.weight("embeddings.position_embeddings.weight")
    place = graph("Slice", places, graph.ints(0), length, graph.ints(0))
    kind = np.asarray(graph.weights["embeddings.token_type_embeddings.weight"], np.float32)[0]
    first = graph.constant("embeddings.token_type.first", kind)
    return graph.normed("embeddings.LayerNorm", graph("Add", graph("Add", words, place), first))


def _layer(graph: _Graph, name: str, x: str, closed: str, *, result: str = "") -> str:
    width = int(np.asarray(graph.weights[f"{name}attention.output.dense.bias"]).shape[0])
    apart = graph.ints(0, 0, ATTENTION_HEADS, width // ATTENTION_HEADS)

    def heads(part: str, order: list[int]) -> str:
        dense = graph.dense(f"{name}attention.self.{part}", x)
        return graph("Transpose", graph("Reshape", dense, apart), perm=order)

    query, key, value = heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1]), heads("value", [0, 2, 1, 3])
    scale = graph.number(float((width / ATTENTION_HEADS) ** -0.5))
    scores = graph("Add", graph("Mul", graph("MatMul", query, key), scale), closed)
    seen = graph("Transpose", graph("MatMul", graph("Softmax", scores, axis=-1), value), perm=[0, 2, 1, 3])
    seen = graph.dense(f"{name}attention.output.dense", graph("Reshape", seen, graph.ints(0, 0, width)))
    x = graph.normed(f"{name}attention.output.LayerNorm", graph("Add", x, seen))
    inner = _gelu(graph, graph.dense(f"{name}intermediate.dense", x))
    last = graph("Add", x, graph.dense(f"{name}output.dense", inner))
    return graph.normed(f"{name}output.LayerNorm", last, result=result)


def _gelu(graph: _Graph, x: str) -> str:
    """x/2 (1 + erf(x/sqrt 2))."""
    erf = graph("Erf", graph("Div", x, graph.number(2**0.5)))
    return graph("Mul", graph("Mul", x, graph("Add", erf, graph.number(1.0))), graph.number(0.5))


def _answer(graph: _Graph, x: str, mask: str, closed: str) -> None:
    column = graph("Unsqueeze", mask, graph.ints(2))
    total = graph("ReduceSum", graph("Mul", x, column), graph.ints(1), keepdims=0)
    mean = graph("Div", total, graph("ReduceSum", mask, graph.ints(1), keepdims=1))
    query = graph.constant("head.query", np.asarray(graph.weights["head.query"], np.float32)[:, None])
    asked = graph("Add", graph("Squeeze", graph("MatMul", x, query), graph.ints(2)), closed)
    share = graph("Unsqueeze", graph("Softmax", asked, axis=-1), graph.ints(2))
    picked = graph("ReduceSum", graph("Mul", x, share), graph.ints(1), keepdims=0)
    pooled = graph("Concat", mean, picked, axis=1)
    graph("Add", graph("MatMul", pooled, graph.weight("head.kernel")), graph.weight("head.bias"), result="logits")

import assert from "node:assert/strict";
import onnxProto, { type onnx } from "onnx-proto";
import { bindTensors } from "../../src/codec/bind.js";
import { decodeModel } from "../../src/codec/decode.js";
import { encodeModel } from "../../src/codec/encode.js";
import { ArtifactError } from "../../src/errors.js";
import { DTYPES } from "../../src/ir/dtype.js";
import { asFloat32, fromFloat32 } from "../../src/ir/rawTensor.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import { smallNet, smallTensors } from "./smallNet.js";

const options = { producerVersion: "0.1.0" };

/** Encoded smallNet after `change` was made to its message. */
function changed(change: (model: onnx.ModelProto, graph: onnx.GraphProto) => void): Uint8Array {
  const model = onnxProto.onnx.ModelProto.decode(
    encodeModel(smallNet(), { ...options, tensors: smallTensors() }),
  );
  change(model, model.graph as onnx.GraphProto);
  return onnxProto.onnx.ModelProto.encode(model).finish();
}

function assertRefused(bytes: Uint8Array, expected: RegExp): void {
  assert.throws(
    () => decodeModel(bytes, "encoder.onnx"),
    (error: unknown) => {
      assert.ok(error instanceof ArtifactError, String(error));
      assert.match(error.message, /^encoder\.onnx: .*; copy the file again or rebuild it with build-graph$/);
      assert.match(error.message, expected);
      return true;
    },
  );
}

describe("decodeModel", () => {
  it("gives back the graph that was encoded", () => {
    const graph = smallNet();
    const decoded = decodeModel(encodeModel(graph, options), "small.onnx").graph;
    // Only the unused indices of the pooling are gone.
    const nodes = graph.nodes.map((node) =>
      node.op === "MaxPool" ? { ...node, outputs: [node.outputs[0]] } : node,
    );
    assert.deepEqual(decoded, { ...graph, nodes });
  });

  it("gives one and the same value wherever a name stands", () => {
    const { graph } = decodeModel(encodeModel(smallNet(), options), "small.onnx");
    assert.equal(graph.nodes[0]?.inputs[0], graph.inputs[0]);
    assert.equal(graph.nodes[1]?.inputs[0], graph.nodes[0]?.outputs[0]);
    assert.equal(graph.outputs[0]?.value, graph.nodes.at(-1)?.outputs[0]);
  });

  it("gives back metadata, note, versions and producer", () => {
    const metadata = { seed: "7", "a key": "" };
    const bytes = encodeModel(smallNet(), { ...options, docString: "a note", metadata, irVersion: 9 });
    const { graph, tensors, ...rest } = decodeModel(bytes, "small.onnx");
    assert.deepEqual(rest, {
      metadata,
      docString: "a note",
      irVersion: 9,
      opset: 18,
      producerName: "onnx-instdisc",
      producerVersion: "0.1.0",
    });
    assert.equal(tensors.size, 0);
    assert.equal(graph.name, "small");
  });

  it("gives back bound tensors apart from constants, as inputs", () => {
    const tensors = smallTensors();
    const decoded = decodeModel(encodeModel(smallNet(), { ...options, tensors }), "small.onnx");
    assert.deepEqual(decoded.tensors, tensors);
    assert.deepEqual([...decoded.graph.constants.keys()], ["float32(0.5)"]);
    assert.deepEqual(decoded.graph.inputs, smallNet().inputs);
    assert.deepEqual(decoded.graph.parameters, smallNet().parameters);
  });

  it("gives back a plain input that was bound", () => {
    const builder = new GraphBuilder("plain");
    const sum = builder.op.add(builder.input("a", "float32", [1]), builder.input("b", "float32", [1]));
    builder.output(sum.name, sum);
    const tensors = new Map([["a", fromFloat32(Float32Array.of(3), [1])]]);
    const decoded = decodeModel(encodeModel(builder.build(), { ...options, tensors }), "plain.onnx");
    assert.deepEqual(decoded.tensors, tensors);
    assert.deepEqual(
      decoded.graph.inputs.map(({ name }) => name),
      ["b", "a"],
    );
    assert.equal(decoded.graph.parameters.size, 0);
  });

  it("is encoded again to the same bytes", () => {
    for (const tensors of [new Map(), smallTensors()]) {
      const bytes = encodeModel(smallNet(), {
        ...options,
        tensors,
        metadata: { b: "2", a: "1" },
        docString: "note",
      });
      const decoded = decodeModel(bytes, "small.onnx");
      assert.deepEqual(encodeModel(decoded.graph, decoded), bytes);
    }
  });

  it("is encoded again to the same bytes with every dtype, odd numbers and long constants", () => {
    const builder = new GraphBuilder("constants");
    for (const dtype of DTYPES) {
      const data = dtype.includes("float") ? [0.1, -0, Infinity, -Infinity, NaN, 1e-7] : [0, 1, 1, 0, 1, 0];
      const y = builder.op.identity(builder.constant({ dtype, shape: [2, 3], data }));
      builder.output(y.name, y);
    }
    const long = builder.op.identity(
      builder.constant({ dtype: "int64", shape: [40], data: Array.from({ length: 40 }, (_, i) => -i) }),
    );
    builder.output(long.name, long);
    const bytes = encodeModel(builder.build(), options);
    const decoded = decodeModel(bytes, "constants.onnx");
    assert.deepEqual(encodeModel(decoded.graph, decoded), bytes);
    assert.deepEqual(decoded.graph.constants.get("float32[2,3](0.1,-0,Infinity,-Infinity,NaN,1e-7)")?.data, [
      ...Float32Array.of(0.1, -0, Infinity, -Infinity, NaN, 1e-7),
    ]);
  });

  it("gives back int64 constants exactly, negative ones and those above 2^31", () => {
    const data = [-1, 0, 2 ** 31 + 5, -(2 ** 40) - 3, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
    const builder = new GraphBuilder("integers");
    const y = builder.op.identity(builder.constant({ dtype: "int64", shape: [6], data }));
    builder.output(y.name, y);
    const [constant] = decodeModel(
      encodeModel(builder.build(), options),
      "integers.onnx",
    ).graph.constants.values();
    assert.deepEqual(constant?.data, data);
  });

  it("gives back float attributes as they were written, not as single precision rounds them", () => {
    const node = decodeModel(encodeModel(smallNet(), options), "small.onnx").graph.nodes[1];
    assert.deepEqual(node?.attributes, { epsilon: 1e-5 });
  });

  it("reads a view into a larger buffer, and a Buffer", () => {
    const bytes = encodeModel(smallNet(), { ...options, tensors: smallTensors() });
    const larger = new Uint8Array(bytes.length + 3);
    larger.set(bytes, 3);
    for (const view of [larger.subarray(3), Buffer.from(bytes)]) {
      const { tensors } = decodeModel(view, "small.onnx");
      const weight = tensors.get("fc.weight");
      assert.ok(weight);
      assert.deepEqual([...asFloat32(weight, "fc.weight")], [1, 0, 0, 1]);
      assert.ok(!Buffer.isBuffer(weight.bytes));
    }
  });

  it("refuses a model cut short at any length", () => {
    const bytes = encodeModel(smallNet(), {
      ...options,
      tensors: smallTensors(),
      metadata: { seed: "7" },
      docString: "note",
    });
    for (let length = 0; length < bytes.length; length++) assertRefused(bytes.subarray(0, length), /./);
    assertRefused(bytes.subarray(0, 0), /is empty, expected an ONNX model/);
    assertRefused(bytes.subarray(0, 2), /ends after 2 bytes without a graph/);
    assertRefused(
      bytes.subarray(0, bytes.length - 1),
      /is cut short: graph at byte \d+ is \d+ bytes long, and \d+ are left/,
    );
  });

  it("refuses or reads a model with any byte changed, and never fails otherwise", () => {
    const bytes = encodeModel(smallNet(), { ...options, tensors: smallTensors() });
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [0x01, 0xff]) {
        const damaged = bytes.slice();
        damaged[at]! ^= flip;
        try {
          decodeModel(damaged, "encoder.onnx");
        } catch (error) {
          assert.ok(error instanceof ArtifactError, `byte ${at}, flip ${flip}: ${String(error)}`);
        }
      }
    }
  });

  it("refuses bytes that are no model, showing how they begin", () => {
    assertRefused(
      new TextEncoder().encode("<!DOCTYPE html>"),
      /byte 0 begins 3c 21 44 4f 43 54 59 50, expected a field/,
    );
    assertRefused(Uint8Array.of(0x89, 0x50, 0x4e, 0x47), /byte 0 begins 89 50 4e 47, expected a field/);
  });

  it("refuses messages nested without end", () => {
    const groups = Array.from({ length: 30_000 }, () => [0xfb, 0x01]).flat(); // each opens field 31 inside the last
    assertRefused(Uint8Array.of(0x3a, 0xe0, 0xd4, 0x03, ...groups), /do not decode as an ONNX model/);
  });

  it("lists all operators that it does not know", () => {
    const bytes = changed((_, graph) => {
      graph.node[0]!.opType = "Einsum";
      graph.node[1]!.domain = "com.example";
      graph.node[2]!.opType = "toString";
    });
    assertRefused(
      bytes,
      /operators Einsum, com\.example\.BatchNormalization, toString are not among those of this package/,
    );
  });

  it("refuses an operator that a file cannot hold", () => {
    const bytes = changed((_, graph) => {
      graph.node[0]!.opType = "ConvInputGradient";
      graph.node[0]!.domain = "instdisc";
    });
    assertRefused(bytes, /operators instdisc\.ConvInputGradient are not among/);
  });

  it("refuses other opsets", () => {
    assertRefused(
      changed((model) => {
        model.opsetImport = [
          { domain: "", version: 21 },
          { domain: "ai.onnx.ml", version: 3 },
        ] as never;
      }),
      /uses opset 3 of domain ai\.onnx\.ml, expected at most com\.microsoft 1 and com\.microsoft\.nchwc 1; uses opset 21 of the default domain, expected 18/,
    );
    assertRefused(
      changed((model) => (model.opsetImport = [])),
      /uses opset none of the default domain/,
    );
  });

  it("refuses parts of ONNX that it would lose", () => {
    const bytes = changed((model, graph) => {
      model.irVersion = 0;
      model.functions = [{ name: "f" }] as never;
      model.trainingInfo = [{}] as never;
      graph.sparseInitializer = [{}] as never;
    });
    assertRefused(
      bytes,
      /has no IR version; defines 1 functions.*; has training information.*; has 1 sparse initializers/,
    );
  });

  it("lists everything that is wrong with attributes", () => {
    const bytes = changed((_, graph) => {
      const [conv, bn, , pool] = graph.node;
      conv!.attribute!.push(
        { name: "auto_pad", type: 3, s: new Uint8Array() },
        { name: "group", type: 2, i: 1 },
      );
      bn!.attribute![1]!.i = 1;
      pool!.attribute = pool!.attribute!.filter(({ name }) => name !== "kernel_shape");
      pool!.attribute[0]!.type = 1;
    });
    assertRefused(bytes, /node \/stem\/Conv \(Conv\) has an attribute twice/);
    assertRefused(bytes, /node \/stem\/Conv \(Conv\) has an unknown attribute "auto_pad"/);
    assertRefused(bytes, /BatchNormalization\) has training_mode 1, expected 0/);
    assertRefused(bytes, /\(MaxPool\) lacks attribute kernel_shape/);
    assertRefused(bytes, /\(MaxPool\) has an attribute strides that is not of kind ints/);
  });

  it("lists everything that is wrong with inputs, outputs and names", () => {
    const bytes = changed((_, graph) => {
      const [conv, bn, relu, pool] = graph.node;
      conv!.input = ["x"];
      bn!.input![0] = "/Mul_output_0";
      relu!.name = bn!.name!;
      relu!.input!.push("x");
      pool!.output = ["elsewhere"];
      graph.output[0]!.name = "nobody";
    });
    assertRefused(bytes, /node \/stem\/Conv \(Conv\) lacks input W/);
    assertRefused(bytes, /reads \/Mul_output_0, which nothing before it defines/);
    assertRefused(bytes, /a node Relu has the name \/stem\/BatchNormalization of another/);
    assertRefused(bytes, /\(Relu\) has 2 inputs, expected at most 1/);
    assertRefused(bytes, /value elsewhere of node \/stem\/MaxPool has no dtype and shape/);
    assertRefused(bytes, /\(MaxPool\) has 0 outputs, expected 1 to 2/);
    assertRefused(bytes, /output nobody is computed by no node/);
  });

  it("lists everything that is wrong with dtypes, shapes and initializers", () => {
    const bytes = changed((_, graph) => {
      const [weight, scale, bias, mean, variance] = graph.initializer;
      graph.input[0]!.type!.tensorType!.shape!.dim![0]!.dimParam = "";
      graph.valueInfo[0]!.type!.tensorType!.elemType = 8;
      weight!.dims = [2, 1, 3, -3];
      scale!.dataType = 14;
      bias!.rawData = new Uint8Array(9);
      mean!.dataLocation = 1;
      variance!.name = "fc.weight";
    });
    assertRefused(bytes, /value x has neither a size nor a name for axis 0/);
    assertRefused(bytes, /value \/stem\/Conv_output_0 is STRING, expected one of float32, /);
    assertRefused(bytes, /initializer stem\.conv\.weight has a size that is not a whole number/);
    assertRefused(bytes, /initializer stem\.bn\.weight is COMPLEX64, expected one of float32, /);
    assertRefused(bytes, /initializer stem\.bn\.bias has 9 bytes, expected 8/);
    assertRefused(bytes, /initializer stem\.bn\.running_mean lies in another file/);
    assertRefused(bytes, /value fc\.weight is defined twice/);
  });

  it("refuses an int64 constant beyond 2^53, where a number is no longer exact", () => {
    const builder = new GraphBuilder("integers");
    const y = builder.op.identity(builder.constant({ dtype: "int64", shape: [1], data: [1] }));
    builder.output(y.name, y);
    const model = onnxProto.onnx.ModelProto.decode(encodeModel(builder.build(), options));
    model.graph!.initializer![0]!.rawData = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 1);
    assertRefused(
      onnxProto.onnx.ModelProto.encode(model).finish(),
      /initializer int64\[1\]\(1\): holds 72057594037927940 as int64/,
    );
  });

  it("lists twenty faults and counts the others", () => {
    const bytes = changed((_, graph) => {
      for (let at = 0; at < 30; at++) graph.output.push({ ...graph.output[0]!, name: `nobody${at}` });
    });
    assertRefused(bytes, /nobody19 is computed by no node; and 10 faults more; /);
  });
});

describe("bindTensors", () => {
  it("replaces the weights of a model and nothing else", () => {
    const bytes = encodeModel(smallNet(), { ...options, tensors: smallTensors(), metadata: { seed: "7" } });
    const tensors = smallTensors();
    tensors.set("fc.weight", fromFloat32(Float32Array.of(1, 2, 3, 4), [2, 2]));
    assert.deepEqual(
      bindTensors(bytes, tensors, "encoder.onnx"),
      encodeModel(smallNet(), { ...options, tensors, metadata: { seed: "7" } }),
    );
  });

  it("binds the weights of a model that had none", () => {
    assert.deepEqual(
      bindTensors(encodeModel(smallNet(), options), smallTensors(), "encoder.onnx"),
      encodeModel(smallNet(), { ...options, tensors: smallTensors() }),
    );
  });

  it("lists every tensor that is missing, unknown or of another shape", () => {
    const bytes = encodeModel(smallNet(), { ...options, tensors: smallTensors() });
    const tensors = smallTensors();
    tensors.delete("stem.bn.bias");
    tensors.set("layer9.weight", fromFloat32(new Float32Array(1), [1]));
    tensors.set("fc.weight", fromFloat32(new Float32Array(4), [4]));
    assert.throws(
      () => bindTensors(bytes, tensors, "encoder.onnx"),
      new ArtifactError(
        "encoder.onnx: tensor stem.bn.bias is missing; tensor fc.weight is float32 [4], expected float32 [2, 2]; " +
          "tensor layer9.weight has no input to bind to; pass the tensors of the recipe that built this model",
      ),
    );
  });
});

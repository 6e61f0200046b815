"""Trains from a folder that build-graph wrote, with NumPy and ONNX Runtime alone, and prints the loss of every step.

    npx onnx-instdisc build-graph --objective softmax --out build/small
    python tools/examples/train.py build/small pictures.npy 100 0.03

pictures.npy: [n, 3, S, S] float32, normalized, at least one batch of them; the numbers are steps and learning rate.
The bank begins as the encoder sees the pictures. NCE and InfoNCE also take rows of noise: see graphs/README.md.
"""

import json
import sys

import numpy as np
import onnxruntime

folder, pictures, steps, rate = sys.argv[1], np.load(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
with open(f"{folder}/manifest.json") as file:
    tensors = {tensor["name"]: tensor for tensor in json.load(file)["tensors"]}
state = {name: np.zeros(t["shape"], "<f4") for name, t in tensors.items() if "next" in t and name != "bank"}
with open(f"{folder}/state.safetensors", "rb") as file:  # length of the header, header, numbers
    header, numbers = json.loads(file.read(int.from_bytes(file.read(8), "little"))), file.read()
for name in state.keys() & header.keys():
    state[name] = np.frombuffer(numbers[slice(*header[name]["data_offsets"])], "<f4").reshape(header[name]["shape"])
encoder = onnxruntime.InferenceSession(f"{folder}/encoder.onnx")
bank = np.concatenate([encoder.run(["image_embeds"], {"pixel_values": one[None]})[0] for one in pictures])
step = onnxruntime.InferenceSession(f"{folder}/train_step.onnx")
inputs, outputs = [value.name for value in step.get_inputs()], [value.name for value in step.get_outputs()]
(batch,) = tensors["rows"]["shape"]
for number in range(steps):
    rows = np.arange(number * batch, (number + 1) * batch) % len(pictures)
    given = {"pixel_values": pictures[rows], "rows": rows, "bank": bank, "learning_rate": np.array(rate, "<f4")}
    results = dict(zip(outputs, step.run(None, {name: {**state, **given}[name] for name in inputs})))
    state = {name: results[tensors[name]["next"]] for name in state}
    bank[rows] = results["bank_rows"]
    print(results["loss"].item(), flush=True)

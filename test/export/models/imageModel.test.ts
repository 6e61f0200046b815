import assert from "node:assert/strict";
import { Tensor } from "onnxruntime-node";
import onnxProto from "onnx-proto";
import { decodeModel } from "../../../src/codec/decode.js";
import { openDataset } from "../../../src/data/dataset.js";
import { ArtifactError } from "../../../src/errors.js";
import { describeModel } from "../../../src/export/models/describe.js";
import { imageModel } from "../../../src/export/models/imageModel.js";
import { readModel } from "../../../src/models/model.js";
import { picturesOfRun } from "../../../src/models/pictures.js";
import { evaluationInput } from "../../support/evaluationInput.js";
import { rowCosines, runModel, type Output } from "../../support/modelFile.js";
import { suiteRun } from "../../support/trainedRun.js";

/** A picture's values, three times where it is gray. */
function rgb({ channels, data }: { readonly channels: 1 | 3; readonly data: Uint8Array }): Uint8Array {
  return channels === 3 ? data : Uint8Array.from([...data].flatMap((value) => [value, value, value]));
}

describe("the encoder behind its preprocessing", () => {
  const trained = suiteRun();

  it("gives from raw pixels what the encoder gives from prepared ones", async () => {
    const { run } = trained();
    const { model, pixels } = await evaluationInput(run, 20);
    const expected = await runModel(model.encoder, { pixel_values: pixels });
    const dataset = await openDataset((await picturesOfRun(run)).train);
    const bytes = imageModel(model.encoder, model.preprocessing);
    for (let row = 0; row < 20; row++) {
      const picture = await dataset.picture(row);
      const image = new Tensor("uint8", rgb(picture), [picture.height, picture.width, 3]);
      const found = await runModel(bytes, { image });
      for (const name of ["image_embeds", "pooler_output"]) {
        const { shape, data } = expected[name]!;
        const dim = shape[1]!;
        const own: Output = { shape: [1, dim], data: data.subarray(row * dim, (row + 1) * dim) };
        assert.deepEqual(found[name]!.shape, [1, dim]);
        assert.ok(rowCosines(found[name]!, own)[0]! > 0.999999, `${name} of picture ${row}`);
      }
    }
  });

  it("says that it takes a picture, and how its values are meant", async () => {
    const { encoder, preprocessing } = await readModel(trained().run);
    const bytes = imageModel(encoder, preprocessing);
    const { graph, metadata } = decodeModel(bytes, "image");
    assert.deepEqual(graph.inputs[0], { name: "image", dtype: "uint8", shape: ["height", "width", 3] });
    assert.equal(metadata["Image.BitmapPixelFormat"], "Rgb8");
    assert.equal(metadata["Image.NominalPixelRange"], "NominalRange_0_255");
    const [input] = onnxProto.onnx.ModelProto.decode(bytes).graph!.input!;
    assert.equal(input!.type!.denotation, "IMAGE");
  });

  it("refuses the preprocessing of another encoder", async () => {
    const { encoder, preprocessing } = await readModel(trained().run);
    assert.throws(
      () => imageModel(encoder, { ...preprocessing, imageSize: 15 }),
      new ArtifactError(
        "encoder.onnx: found pixel_values [batch, 3, 16, 16], expected [batch, 3, 15, 15]; " +
          "give the preprocessing that belongs to the encoder",
      ),
    );
  });
});

describe("what a model says of itself", () => {
  const trained = suiteRun();

  it("holds what a user of its vectors needs", async () => {
    const { preprocessing, data_sha256, ...rest } = describeModel(await readModel(trained().run));
    assert.equal((JSON.parse(preprocessing!) as { imageSize: number }).imageSize, 16);
    assert.match(data_sha256!, /^[0-9a-f]{64}$/);
    assert.equal(rest["embedding_dim"], "8");
    assert.ok(Number(rest["temperature"]) > 0);
  });
});

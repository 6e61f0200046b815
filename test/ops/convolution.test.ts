import { infers, refuses } from "../support/infer.js";

const strided = { strides: [2, 2], pads: [1, 1, 1, 1] };

describe("shapes of convolutions", () => {
  it("Conv rounds down and keeps the batch named", () => {
    infers(
      { x: "float32 [batch, 4, 8, 7]", w: "float32 [6, 2, 3, 3]", b: "float32 [6]" },
      ({ op }, { x, w, b }) => [
        op.conv(x!, w!, { ...strided, group: 2 }, b),
        op.conv(x!, w!, { dilations: [2, 3], group: 2 }),
      ],
      "float32 [batch, 6, 4, 4]",
      "float32 [batch, 6, 4, 1]",
    );
  });

  it("Conv compares channels, filters and bias", () => {
    refuses(
      { x: "float32 [2, 3, 8, 8]", w: "float32 [6, 4, 3, 3]" },
      ({ op }, { x, w }) => op.conv(x!, w!),
      "/Conv (Conv): X [2, 3, 8, 8] has 3 channels, W [6, 4, 3, 3] in 1 groups expects 4",
    );
    refuses(
      { x: "float32 [2, 4, 8, 8]", w: "float32 [5, 2, 3, 3]" },
      ({ op }, { x, w }) => op.conv(x!, w!, { group: 2 }),
      "/Conv (Conv): W has 5 filters, expected a multiple of group 2",
    );
    refuses(
      { x: "float32 [2, 4, 8, 8]", w: "float32 [6, 4, 3, 3]", b: "float32 [4]" },
      ({ op }, { x, w, b }) => op.conv(x!, w!, {}, b),
      "/Conv (Conv): B is [4], expected [6]",
    );
    refuses(
      { x: "float32 [2, channels, 8, 8]", w: "float32 [6, 4, 3, 3]" },
      ({ op }, { x, w }) => op.conv(x!, w!),
      '/Conv (Conv): channels are the named dimension "channels", expected a size',
    );
  });

  it("Conv refuses other ranks and named sizes", () => {
    refuses(
      { x: "float32 [3, 8, 8]", w: "float32 [6, 3, 3, 3]" },
      ({ op }, { x, w }) => op.conv(x!, w!),
      "/Conv (Conv): X is [3, 8, 8], expected rank 4",
    );
    refuses(
      { x: "float32 [2, 3, height, 8]", w: "float32 [6, 3, 3, 3]" },
      ({ op }, { x, w }) => op.conv(x!, w!),
      "/Conv (Conv): axis 2 of [2, 3, height, 8] is named, expected a size",
    );
    refuses(
      { x: "float32 [2, 3, 8, 8]", w: "float32 [6, 3, k, 3]" },
      ({ op }, { x, w }) => op.conv(x!, w!),
      "/Conv (Conv): W is [6, 3, k, 3], expected sizes",
    );
  });

  it("Conv refuses a kernel that does not fit once", () => {
    refuses(
      { x: "float32 [2, 3, 8, 2]", w: "float32 [6, 3, 3, 3]" },
      ({ op }, { x, w }) => op.conv(x!, w!, { dilations: [1, 2], pads: [0, 1, 0, 1] }),
      "/Conv (Conv): an input of [2, 3, 8, 2] is 4 long on axis 3 with its padding, " +
        "expected at least the 5 that the kernel covers",
    );
  });

  it("Conv refuses windows of another length or below their range", () => {
    const inputs = { x: "float32 [2, 3, 8, 8]", w: "float32 [6, 3, 3, 3]" };
    for (const [attributes, message] of [
      [{ strides: [1] }, "strides is [1], expected 2 whole numbers of at least 1"],
      [{ strides: [0, 1] }, "strides is [0, 1], expected 2 whole numbers of at least 1"],
      [{ pads: [1, 1] }, "pads is [1, 1], expected 4 whole numbers of at least 0"],
      [{ pads: [0, 0, 0, -1] }, "pads is [0, 0, 0, -1], expected 4 whole numbers of at least 0"],
      [{ dilations: [1, 0] }, "dilations is [1, 0], expected 2 whole numbers of at least 1"],
      [{ group: 0 }, "group is 0, expected at least 1"],
    ] as const) {
      refuses(inputs, ({ op }, { x, w }) => op.conv(x!, w!, attributes), `/Conv (Conv): ${message}`);
    }
  });

  it("ConvTranspose undoes the size of Conv", () => {
    infers(
      { x: "float32 [batch, 6, 4, 4]", w: "float32 [6, 2, 3, 3]" },
      ({ op }, { x, w }) => op.convTranspose(x!, w!, { ...strided, group: 2, outputPadding: [1, 0] }),
      "float32 [batch, 4, 8, 7]",
    );
  });

  it("ConvTranspose refuses what no Conv could have made", () => {
    const inputs = { x: "float32 [2, 6, 1, 4]", w: "float32 [6, 2, 3, 3]" };
    refuses(
      { ...inputs, x: "float32 [2, 5, 4, 4]" },
      ({ op }, { x, w }) => op.convTranspose(x!, w!),
      "/ConvTranspose (ConvTranspose): X [2, 5, 4, 4] has 5 channels, W [6, 2, 3, 3] expects 6",
    );
    refuses(
      inputs,
      ({ op }, { x, w }) => op.convTranspose(x!, w!, { group: 4 }),
      "/ConvTranspose (ConvTranspose): W has 6 filters, expected a multiple of group 4",
    );
    refuses(
      inputs,
      ({ op }, { x, w }) => op.convTranspose(x!, w!, { strides: [2, 1], outputPadding: [1, 1] }),
      "/ConvTranspose (ConvTranspose): outputPadding is [1, 1], expected less than the strides [2, 1]",
    );
    refuses(
      inputs,
      ({ op }, { x, w }) => op.convTranspose(x!, w!, { pads: [2, 0, 1, 0] }),
      "/ConvTranspose (ConvTranspose): pads are [2, 0, 1, 0], which leave axis 2 of Y with 0 elements",
    );
    refuses(
      { ...inputs, x: "float32 [2, 6, height, 4]" },
      ({ op }, { x, w }) => op.convTranspose(x!, w!),
      '/ConvTranspose (ConvTranspose): axis 2 of X is "height", expected a size',
    );
  });

  it("the gradients of Conv have the shapes of its inputs", () => {
    infers(
      { dY: "float32 [batch, 6, 4, 4]", w: "float32 [6, 2, 3, 3]", x: "float32 [batch, 4, 8, 7]" },
      ({ op }, { dY, w, x }) => [
        op.convInputGradient(dY!, w!, { ...strided, group: 2, inputSize: [8, 7] }),
        op.convWeightGradient(dY!, x!, { ...strided, group: 2, kernelShape: [3, 3] }),
      ],
      "float32 [batch, 4, 8, 7]",
      "float32 [6, 2, 3, 3]",
    );
  });

  it("ConvInputGradient refuses a dY that the convolution does not give", () => {
    const inputs = { dY: "float32 [2, 6, 4, 4]", w: "float32 [6, 2, 3, 3]" };
    const where = "/ConvInputGradient (ConvInputGradient)";
    refuses(
      inputs,
      ({ op }, { dY, w }) => op.convInputGradient(dY!, w!, { inputSize: [8, 8] }),
      `${where}: dY is [2, 6, 4, 4], expected [6, 6] in its last two axes for an input [2, 2, 8, 8]`,
    );
    refuses(
      { ...inputs, dY: "float32 [2, 5, 4, 4]" },
      ({ op }, { dY, w }) => op.convInputGradient(dY!, w!, { inputSize: [6, 6] }),
      `${where}: dY has 5 channels, W [6, 2, 3, 3] has 6 filters, expected them equal`,
    );
    refuses(
      inputs,
      ({ op }, { dY, w }) => op.convInputGradient(dY!, w!, { inputSize: [6, 6], group: 4 }),
      `${where}: W has 6 filters, expected a multiple of group 4`,
    );
    refuses(
      inputs,
      ({ op }, { dY, w }) => op.convInputGradient(dY!, w!, { inputSize: [6] }),
      `${where}: inputSize is [6], expected 2 whole numbers of at least 1`,
    );
  });

  it("ConvWeightGradient refuses a dY that the convolution does not give", () => {
    const inputs = { dY: "float32 [2, 6, 4, 4]", x: "float32 [2, 3, 6, 6]" };
    const where = "/ConvWeightGradient (ConvWeightGradient)";
    refuses(
      { ...inputs, x: "float32 [3, 3, 6, 6]" },
      ({ op }, { dY, x }) => op.convWeightGradient(dY!, x!, { kernelShape: [3, 3] }),
      `${where}: dY has 2 pictures, X has 3, expected as many`,
    );
    refuses(
      inputs,
      ({ op }, { dY, x }) => op.convWeightGradient(dY!, x!, { kernelShape: [2, 3] }),
      `${where}: dY is [2, 6, 4, 4], expected [5, 4] in its last two axes for an input [2, 3, 6, 6]`,
    );
    refuses(
      inputs,
      ({ op }, { dY, x }) => op.convWeightGradient(dY!, x!, { kernelShape: [3, 3], group: 2 }),
      `${where}: dY has 6 channels, X has 3, expected multiples of group 2`,
    );
  });
});

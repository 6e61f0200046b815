import { infers, refuses } from "../support/infer.js";

const window = { kernelShape: [3, 2], strides: [2, 2], pads: [1, 0, 1, 0] };

describe("shapes of poolings", () => {
  it("MaxPool gives the maxima and where they stood", () => {
    infers(
      { x: "float32 [batch, 3, 8, 7]" },
      ({ op }, { x }) => {
        const { Y, Indices } = op.maxPoolWithIndices(x!, window);
        return [Y, Indices, op.maxPool(x!, { kernelShape: [2, 2], dilations: [3, 1] })];
      },
      "float32 [batch, 3, 4, 3]",
      "int64 [batch, 3, 4, 3]",
      "float32 [batch, 3, 5, 6]",
    );
  });

  it("AveragePool and GlobalAveragePool keep batch and channels", () => {
    infers(
      { x: "float32 [batch, channels, 8, 7]" },
      ({ op }, { x }) => [op.averagePool(x!, window), op.globalAveragePool(x!)],
      "float32 [batch, channels, 4, 3]",
      "float32 [batch, channels, 1, 1]",
    );
  });

  it("the gradients have the shape of the input", () => {
    infers(
      { x: "float32 [batch, 3, 8, 7]", y: "float32 [batch, 3, 4, 3]" },
      ({ op }, { x, y }) => [
        op.maxPoolGradient(y!, x!, y!, window),
        op.averagePoolGradient(y!, { ...window, inputSize: [8, 7] }),
      ],
      "float32 [batch, 3, 8, 7]",
      "float32 [batch, 3, 8, 7]",
    );
  });

  it("adaptiveAveragePool gives maps of one size, with no node where they have it", () => {
    infers(
      {
        small: "float32 [batch, 3, 2, 1]",
        equal: "float32 [batch, 3, 6, 6]",
        large: "float32 [2, 3, 12, 13]",
      },
      ({ op }, { small, equal, large }) => [
        op.adaptiveAveragePool(small!, 6),
        op.adaptiveAveragePool(equal!, 6),
        op.adaptiveAveragePool(large!, 6),
      ],
      "float32 [batch, 3, 6, 6]",
      "float32 [batch, 3, 6, 6]",
      "float32 [2, 3, 6, 6]",
    );
    refuses(
      { x: "float32 [1, 1, height, 8]" },
      ({ op }, { x }) => op.adaptiveAveragePool(x!, 2),
      "adaptive average pooling: x is [1, 1, height, 8], expected rank 4 and sizes on its last two axes",
    );
  });

  it("refuse other ranks", () => {
    refuses(
      { x: "float32 [3, 8, 8]" },
      ({ op }, { x }) => op.maxPool(x!, window),
      "/MaxPool (MaxPool): X is [3, 8, 8], expected rank 4",
    );
    refuses(
      { x: "float32 [3, 8]" },
      ({ op }, { x }) => op.globalAveragePool(x!),
      "/GlobalAveragePool (GlobalAveragePool): X is [3, 8], expected rank 4",
    );
  });

  it("refuse padding as wide as the kernel, where a window would see nothing", () => {
    refuses(
      { x: "float32 [1, 1, 8, 8]" },
      ({ op }, { x }) => op.averagePool(x!, { kernelShape: [2, 2], pads: [0, 0, 0, 2] }),
      "/AveragePool (AveragePool): pads are [0, 0, 0, 2] with kernel [2, 2], expected every window to cover a pixel; lower the padding",
    );
  });

  it("refuse a kernel of another rank", () => {
    refuses(
      { x: "float32 [1, 1, 8, 8]" },
      ({ op }, { x }) => op.maxPool(x!, { kernelShape: [2] }),
      "/MaxPool (MaxPool): kernelShape is [2], expected 2 whole numbers of at least 1",
    );
  });

  it("the gradients refuse a dY that the pooling does not give", () => {
    refuses(
      { x: "float32 [2, 3, 8, 7]", y: "float32 [2, 3, 4, 4]" },
      ({ op }, { x, y }) => op.maxPoolGradient(y!, x!, y!, window),
      "/MaxPoolGradient (MaxPoolGradient): dY is [2, 3, 4, 4], Y is [2, 3, 4, 4], expected [2, 3, 4, 3]",
    );
    refuses(
      { y: "float32 [2, 3, 4, 4]" },
      ({ op }, { y }) => op.averagePoolGradient(y!, { ...window, inputSize: [8, 7] }),
      "/AveragePoolGradient (AveragePoolGradient): dY is [2, 3, 4, 4], expected [2, 3, 4, 3]",
    );
  });
});

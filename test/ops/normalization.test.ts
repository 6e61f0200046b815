import { infers, refuses } from "../support/infer.js";

describe("shapes of batch normalization", () => {
  it("keeps the shape and gives statistics per channel", () => {
    infers(
      { x: "float32 [batch, 3, 8, 8]", c: "float32 [3]" },
      ({ op }, { x, c }) => {
        const { Y, mean, var: variance } = op.batchNormalizationTraining(x!, c!, c!, 1e-5);
        const given = op.batchNormalization(x!, { scale: c!, bias: c!, mean, variance }, 1e-5);
        const { dX, dScale, dB } = op.batchNormalizationGradient(Y, x!, { scale: c!, mean, variance }, 1e-5);
        return [Y, mean, variance, given, dX, dScale, dB];
      },
      "float32 [batch, 3, 8, 8]",
      "float32 [3]",
      "float32 [3]",
      "float32 [batch, 3, 8, 8]",
      "float32 [batch, 3, 8, 8]",
      "float32 [3]",
      "float32 [3]",
    );
  });

  it("takes rank 2", () => {
    infers(
      { x: "float32 [batch, 3]", c: "float32 [3]" },
      ({ op }, { x, c }) => op.batchNormalizationTraining(x!, c!, c!, 1e-5).Y,
      "float32 [batch, 3]",
    );
  });

  it("compares every statistic with the channels", () => {
    refuses(
      { x: "float32 [batch, 3]", c: "float32 [3]", wrong: "float32 [4]" },
      ({ op }, { x, c, wrong }) => op.batchNormalizationTraining(x!, c!, wrong!, 1e-5).Y,
      "/BatchNormalizationTraining (BatchNormalizationTraining): B is [4], expected [3], the channels of X [batch, 3]",
    );
    refuses(
      { x: "float32 [batch, 3]", c: "float32 [3]", wrong: "float32 [1, 3]" },
      ({ op }, { x, c, wrong }) =>
        op.batchNormalization(x!, { scale: c!, bias: c!, mean: c!, variance: wrong! }, 1e-5),
      "/BatchNormalization (BatchNormalization): var is [1, 3], expected [3], the channels of X [batch, 3]",
    );
  });

  it("refuses rank 1, and a dY of another shape", () => {
    refuses(
      { x: "float32 [3]", c: "float32 [3]" },
      ({ op }, { x, c }) => op.batchNormalizationTraining(x!, c!, c!, 1e-5).Y,
      "/BatchNormalizationTraining (BatchNormalizationTraining): X is [3], expected rank 2 or more",
    );
    refuses(
      { x: "float32 [2, 3]", dY: "float32 [3, 3]", c: "float32 [3]" },
      ({ op }, { x, dY, c }) =>
        op.batchNormalizationGradient(dY!, x!, { scale: c!, mean: c!, variance: c! }, 1e-5).dX,
      "/BatchNormalizationGradient (BatchNormalizationGradient): dY is [3, 3], expected [2, 3]",
    );
  });
});

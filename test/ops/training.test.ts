import { infers, refuses } from "../support/infer.js";

describe("shapes of on-device training", () => {
  it("gives one flag for a buffer of any shape, with or without an overwrite flag", () => {
    infers(
      { buffer: "float32 [2, 3]", value: "float32 [2, 3]", flag: "bool [1]" },
      ({ op }, { buffer, value, flag }) => [
        op.accumulateInPlace(buffer!, value!, flag!),
        op.accumulateInPlace(buffer!, value!, null),
      ],
      "bool [1]",
      "bool [1]",
    );
  });

  it("compares the value with the buffer, and wants a flag of one element", () => {
    refuses(
      { buffer: "float32 [2, 3]", value: "float32 [3]" },
      ({ op }, { buffer, value }) => op.accumulateInPlace(buffer!, value!, null),
      "/InPlaceAccumulatorV2 (InPlaceAccumulatorV2): value is [3], expected [2, 3] as the buffer",
    );
    refuses(
      { buffer: "float32 [2]", value: "float32 [2]", flag: "bool []" },
      ({ op }, { buffer, value, flag }) => op.accumulateInPlace(buffer!, value!, flag!),
      "/InPlaceAccumulatorV2 (InPlaceAccumulatorV2): overwrite_flag is [], expected [1]",
    );
  });
});

import { infers, refuses } from "../support/infer.js";

describe("shapes of numbers kept in 8 bits", () => {
  it("DequantizeLinear has the shape of x, with one scale or one for each slice", () => {
    infers(
      { x: "int8 [4, 3]", one: "float32 []", each: "float32 [4]", zero: "int8 [4]" },
      ({ op }, { x, one, each, zero }) => [
        op.dequantizeLinear(x!, one!),
        op.dequantizeLinear(x!, each!, zero, 0),
      ],
      "float32 [4, 3]",
      "float32 [4, 3]",
    );
  });

  it("DequantizeLinear compares scales with the axis, and zero points with scales", () => {
    refuses(
      { x: "int8 [4, 3]", scale: "float32 [3]" },
      ({ op }, { x, scale }) => op.dequantizeLinear(x!, scale!),
      "/DequantizeLinear (DequantizeLinear): x_scale is [3], expected [] or [4], axis 0 of x",
    );
    refuses(
      { x: "uint8 [4]", scale: "float32 [4]", zero: "uint8 []" },
      ({ op }, { x, scale, zero }) => op.dequantizeLinear(x!, scale!, zero),
      "/DequantizeLinear (DequantizeLinear): x_zero_point is [], expected [4] as x_scale",
    );
    refuses(
      { x: "int8 [4]", scale: "float32 []", zero: "uint8 []" },
      ({ op }, { x, scale, zero }) => op.dequantizeLinear(x!, scale!, zero),
      "/DequantizeLinear (DequantizeLinear): input x_zero_point is zero uint8 [], expected int8",
    );
  });
});

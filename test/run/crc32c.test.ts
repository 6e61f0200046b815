import assert from "node:assert/strict";
import { crc32c, maskedCrc32c } from "../../src/run/crc32c.js";

describe("crc32c", () => {
  it("gives the values that RFC 3720 lists", () => {
    assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
    assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
    assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, at) => at)), 0x46dd794e);
    assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, at) => 31 - at)), 0x113fdb5c);
  });

  it("gives the usual check value, and 0 for nothing", () => {
    assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
    assert.equal(crc32c(new Uint8Array(0)), 0);
  });
});

describe("maskedCrc32c", () => {
  it("turns the checksum right by 15 bits and adds a constant", () => {
    // 0xe3069283 turned: 0x2507c60d; plus 0xa282ead8: 0xc78ab0e5.
    assert.equal(maskedCrc32c(new TextEncoder().encode("123456789")), 0xc78ab0e5);
    assert.equal(maskedCrc32c(new Uint8Array(0)), 0xa282ead8);
  });
});

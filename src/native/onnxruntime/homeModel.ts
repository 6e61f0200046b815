/**
 * @file A model of one Relu. A session of it is what memory of a provider is asked of: the C API gives that of a session
 * only, and tensors outlive the sessions that compute with them. It is never run.
 */

/** What src/codec writes of it, which test/native/onnxruntime/homeModel.test.ts proves. */
const HEX =
  "0808120d6f6e6e782d696e7374646973631a0042040a0010123a570a200a0178120e2f52656c755f6f75747075745f301a052f52656c7522" +
  "0452656c751204686f6d655a0f0a0178120a0a08080112040a020801621c0a0e2f52656c755f6f75747075745f30120a0a08080112040a02" +
  "0801";

export const HOME_MODEL: Uint8Array = Uint8Array.from(HEX.match(/../g)!, (byte) => Number.parseInt(byte, 16));

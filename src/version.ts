/** @file The version of this package, recorded in everything it writes. A test holds it to package.json. */

export const VERSION = "0.1.0";

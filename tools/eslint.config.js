/** @file Lint rules: typescript-eslint's, with types, plus the house's own. */

import { fileURLToPath } from "node:url";
import tseslint from "typescript-eslint";

const root = fileURLToPath(new URL("../", import.meta.url));

export default tseslint.config(
  { ignores: ["dist/", "build/", ".venv/", "**/*.mjs", "**/*.js"] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { project: `${root}tsconfig.json` } },
    rules: {
      // Typed arrays and shapes are read in loops whose bounds are known; noUncheckedIndexedAccess asks for these.
      "@typescript-eslint/no-non-null-assertion": "off",
      // Builders and rule contexts are records of functions that never read `this`.
      "@typescript-eslint/unbound-method": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/no-explicit-any": "error",
      "max-lines": ["error", { max: 450, skipBlankLines: true, skipComments: true }],
      "max-depth": ["error", 4],
      eqeqeq: "error",
    },
  },
  // The page is a program of its own: it knows a browser and not Node.
  {
    files: ["src/web/**"],
    languageOptions: { parserOptions: { project: `${root}src/web/tsconfig.json` } },
  },
  // onnx-proto's declarations name a type Long that they do not import.
  {
    files: ["src/codec/**"],
    rules: {
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-enum-comparison": "off",
    },
  },
  // mocha's describe and it return what nobody awaits.
  {
    files: ["test/**"],
    rules: { "@typescript-eslint/no-floating-promises": "off", "max-lines": "off", "max-depth": "off" },
  },
);

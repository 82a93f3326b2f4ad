// What `make lint-js` looks for in the JavaScript of the page (experiments/*/js).

import js from "@eslint/js";

// Of the browser, what the page uses; written out so that no package is needed for the list.
const BROWSER = [
  "Blob", "DecompressionStream", "ResizeObserver", "Response", "TextDecoder", "URL", "URLSearchParams", "WebSocket",
  "atob", "cancelAnimationFrame", "clearTimeout", "crypto", "document", "history", "location", "navigator", "performance", "requestAnimationFrame",
  "setInterval", "setTimeout", "window",
];

export default [
  { ignores: ["**/.*", "**/build/", "**/dist/", "**/node_modules/", "results/"] },
  js.configs.recommended,
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["experiments/*/js/*.js"],
    languageOptions: { globals: Object.fromEntries(BROWSER.map((name) => [name, "readonly"])) },
    rules: {
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "max-len": ["error", { code: 120 }],
      "max-lines": ["error", 200],
      "max-lines-per-function": ["error", 40],
      "no-shadow": "error",
      "no-unused-vars": "error",
      "no-var": "error",
      "prefer-const": ["error", { destructuring: "all" }],
    },
  },
];

import { defineConfig } from "vitest/config";

export default defineConfig({
  build: {
    target: "es2022",
    // The gateway serves files only: every asset is its own file with a hash in its name, so that
    // a page never needs `data:` in a content security policy.
    assetsInlineLimit: 0,
    sourcemap: false,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 400,
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});

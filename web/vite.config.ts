import { defineConfig } from "vite";

export default defineConfig({
  base: "/",
  build: {
    outDir: "../src/throng/hub/page",
    emptyOutDir: true,
    assetsDir: "assets",
    // The hub's content security policy allows files of its own origin only: nothing is inlined as a data address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    target: "es2022",
  },
});

// The bundle: everything below `static/`, relative to where the page is served, so that any URL prefix will do.
import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  build: {
    outDir: "static",
    target: "es2022",
    assetsInlineLimit: 0, // the policy of the page lets data: addresses be pictures only
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1500,
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  server: { proxy: { "/api": { target: "http://127.0.0.1:8000", ws: true } } },
});

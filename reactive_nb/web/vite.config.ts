// The bundle: everything below `static/`, relative to where the page is served, so that any URL prefix will do.
import { defineConfig, type Plugin } from "vite";

/** Fonts in the one format that every browser of today reads. */
const fontsOnce: Plugin = {
  name: "fonts-once",
  enforce: "pre",
  transform: {
    filter: { id: /katex.*\.css$/ },
    handler: (code) => code.replace(/,url\([^)]*\.(?:woff|ttf)\) format\("(?:woff|truetype)"\)/g, ""),
  },
};

export default defineConfig({
  base: "./",
  plugins: [fontsOnce],
  resolve: { alias: [{ find: /^katex$/, replacement: "katex/dist/katex.mjs" }] }, // its other form would come as well
  build: {
    outDir: "static",
    target: "es2022",
    assetsInlineLimit: 0, // the policy of the page lets data: addresses be pictures only
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1500,
  },
  worker: { format: "iife" }, // programs for frames (`src/frame`): one file each
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  server: { proxy: { "/api": { target: "http://127.0.0.1:8000", ws: true } } },
});

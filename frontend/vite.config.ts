import { mkdir, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vitest/config";

// The Go program embeds dist/, so the folder has to exist in a fresh clone: its .gitkeep survives every build.
function keepFolder(): Plugin {
  return {
    name: "keep-folder",
    async writeBundle(options) {
      const dir = options.dir ?? resolve("dist");
      await mkdir(dir, { recursive: true });
      await writeFile(resolve(dir, ".gitkeep"), "");
    },
  };
}

// Whatever runs the pages takes WOFF2; the other formats of KaTeX's fonts would only make the program larger.
function onlyWoff2(): Plugin {
  return {
    name: "only-woff2",
    enforce: "pre",
    transform(code, id) {
      if (!/katex(\.min)?\.css$/.test(id)) return;
      return code.replace(/,\s*url\([^)]*\.(?:woff|ttf)\)\s*format\(["'][^"']*["']\)/g, "");
    },
  };
}

export default defineConfig({
  // Relative, because the window serves the pages from wails://wails and the browser from a loopback address.
  base: "./",
  plugins: [react(), keepFolder(), onlyWoff2()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: ["es2022", "chrome111", "safari16.4"],
    // Everything is a file of our own: the pages' policy allows no data: fonts or scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test-setup.ts"],
    restoreMocks: true,
    // One browser-like world per worker: making one per file takes longer than the tests.
    pool: "threads",
    isolate: false,
  },
});

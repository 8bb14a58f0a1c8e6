import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { TOKENS_CSS } from "#look";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The tokens come from the room that owns them, as a style sheet: the pages rendered elsewhere use the same. */
function tokens(): Plugin {
  const name = "virtual:tokens.css";
  return {
    name: "postern-tokens",
    resolveId: (id) => (id === name ? `\0${name}` : undefined),
    load: (id) => (id === `\0${name}` ? TOKENS_CSS : undefined),
  };
}

export default defineConfig({
  root: here("."),
  base: "/",
  publicDir: false,
  plugins: [react(), tokens()],
  build: {
    outDir: here("../../../../dist/console"),
    emptyOutDir: true,
    target: "es2023",
    // the content security policy allows files of this origin only: nothing may be put into the HTML
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { input: { console: here("index.html"), login: here("login.html") } },
  },
});

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

/** The gateway is a small machine: files are packed here, once, not there at each request. */
function gzip(): Plugin {
  return {
    name: "gzip",
    apply: "build",
    generateBundle(_options, bundle) {
      for (const [name, file] of Object.entries(bundle)) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const source = gzipSync(file.type === "chunk" ? file.code : file.source, { level: 9 });
        this.emitFile({ type: "asset", fileName: `${name}.gz`, source });
      }
    },
  };
}

/** What we carry of others goes with their licences. */
function licenses(): Plugin {
  return {
    name: "licenses",
    apply: "build",
    generateBundle() {
      const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as { dependencies: Record<string, string> };
      const texts = Object.keys(dependencies).map((name) => `${name}\n\n${readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim()}\n`);
      this.emitFile({ type: "asset", fileName: "licenses.txt", source: texts.join("\n\n————\n\n") });
    },
  };
}

// `npm run dev` works against a gateway that runs already.
const gateway = process.env.DEMARC_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [gzip(), licenses()],
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { "/api": { target: gateway, ws: true } } },
});

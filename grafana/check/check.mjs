// Type-checks dashboards against Grafana's schema: node check.mjs FOLDER
// Each file becomes a constant of the type Dashboard in types.ts, for the compiler to look at: a name that Grafana does
// not know, a value that it does not take and one that is missing are errors.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const folder = process.argv[2];
if (!folder) {
  console.error('usage: node check.mjs FOLDER');
  process.exit(2);
}
const here = dirname(fileURLToPath(import.meta.url));
const work = mkdtempSync(join(here, 'generated-')); // beside node_modules and types.ts
let errors = 0;
try {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const files = names.map((name) => {
    const json = readFileSync(join(folder, name), 'utf8');
    JSON.parse(json); // where it is no JSON, this says so best
    const file = join(work, name.replace(/json$/, 'ts'));
    writeFileSync(file, `import type { Dashboard } from '../types';\nexport const dashboard: Dashboard = ${json};\n`);
    return file;
  });
  const program = ts.createProgram(files, {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  });
  for (const found of ts.getPreEmitDiagnostics(program)) {
    errors++;
    const message = ts.flattenDiagnosticMessageText(found.messageText, '\n  ');
    if (found.file) {
      // The JSON begins in the second line, as the compiler counts from 0 in its first.
      const { line } = found.file.getLineAndCharacterOfPosition(found.start);
      const name = found.file.fileName.split('/').pop().replace(/ts$/, 'json');
      console.error(`${name}:${line}: ${message}`);
    } else {
      console.error(message);
    }
  }
  console.log(`${names.length} dashboards checked against @grafana/schema, ${errors} errors`);
  process.exitCode = errors > 0 || names.length === 0 ? 1 : 0;
} finally {
  rmSync(work, { recursive: true });
}

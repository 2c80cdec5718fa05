// Bundle OpenLayers into app/web/static/vendor as ol-<hash>.js and .css, with the licences of
// everything that ended up in the bundle. The same inputs give the same bytes.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const vendor = process.argv[2] ?? join(here, '..', 'app', 'web', 'static', 'vendor');

// es2020 keeps phones of about 2020 (Chrome 80, Safari 14) in: the oldest with ES modules,
// optional chaining and dynamic import, which the page's own modules need as well.
const options = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  target: 'es2020',
  legalComments: 'none',
  charset: 'utf8',
};

const script = await build({ ...options, entryPoints: ['ol.js'], format: 'esm' });
const style = await build({ ...options, entryPoints: ['node_modules/ol/ol.css'] });

function packagesOf(metafile) {
  const used = Object.entries(Object.values(metafile.outputs)[0].inputs)
    .filter(([, input]) => input.bytesInOutput > 0)
    .map(([path]) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1])
    .filter(Boolean);
  return [...new Set(used)].sort();
}

function licenceOf(name) {
  const folder = join(here, 'node_modules', name);
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).sort().find((f) => /^licen[cs]e/i.test(f));
  if (!file) throw new Error(`${name} ${version} ships no licence file: do not vendor it`);
  const text = readFileSync(join(folder, file), 'utf8').replace(/\r\n/g, '\n').trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
}

mkdirSync(vendor, { recursive: true });
for (const old of readdirSync(vendor)) rmSync(join(vendor, old));
const bytes = script.outputFiles[0].contents;
const css = style.outputFiles[0].contents;
const hash = createHash('sha256').update(bytes).update(css).digest('hex').slice(0, 12);
writeFileSync(join(vendor, `ol-${hash}.js`), bytes);
writeFileSync(join(vendor, `ol-${hash}.css`), css);
const notices = packagesOf(script.metafile).map(licenceOf);
writeFileSync(join(vendor, 'LICENSES.txt'), notices.join(`\n${'-'.repeat(72)}\n\n`));
console.log(`ol-${hash}.js ${bytes.length} bytes, from ${packagesOf(script.metafile).join(', ')}`);

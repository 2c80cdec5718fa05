// Bundle OpenLayers into app/static/vendor as ol-<hash>.js and .css, what reads basemaps as
// pmtiles-<hash>.js, and what files of reports carry with them as leaflet-<hash>.js and .css, with the
// licences of everything that ended up in them. The same inputs give the same bytes.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const vendor = process.argv[2] ?? join(here, '..', 'app', 'static', 'vendor');

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

// OpenLayers measures the height of its labels by an element that it fills as HTML, which the page's policy
// (Trusted Types) forbids, and by a layout of the whole page for each font. It also looks again and again
// whether a font has come; no page of ours loads one. A canvas tells the height, where it can.
const measuresByCanvas = {
  name: 'measures-by-canvas',
  setup({ onLoad }) {
    onLoad({ filter: /ol\/render\/canvas\.js$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const contents = source
        .replace("measureElement.innerHTML = 'M'", "measureElement.textContent = 'M'")
        .replace('let height = textHeights[fontSpec];', `$&
          if (height == undefined) {
            const { fontBoundingBoxAscent: up, fontBoundingBoxDescent: down } = measureText(fontSpec, 'M');
            if (up !== undefined) height = textHeights[fontSpec] = Math.round(up) + Math.round(down);
          }`)
        .replace(/export const registerFont = [^]*?\n\}\)\(\);\n/, 'export const registerFont = () => {};\n');
      const isReplaced = ["textContent = 'M'", 'Math.round(down)', 'registerFont = () =>'].every((part) => contents.includes(part));
      if (!isReplaced) throw new Error('ol/render/canvas.js has changed: see measuresByCanvas');
      return { contents };
    });
  },
};

// OpenLayers gives its colours to the whole page, whose every element is styled anew then, for 50 ms of
// a cheap phone. Only what is in a map needs them.
const coloursOfMaps = {
  name: 'colours-of-maps',
  setup({ onLoad }) {
    onLoad({ filter: /ol\/ol\.css$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const contents = source.replace(':root,\n:host {', '.ol-viewport {');
      if (contents === source) throw new Error('ol/ol.css has changed: see coloursOfMaps');
      return { contents, loader: 'css' };
    });
  },
};

// What OpenLayers reads along and no map here comes to: styles written as JSON, pictures of another
// projection, tiles of values, controls and gestures that every map leaves out, features under a pixel by
// getFeatures(). All of it would be fetched, read and kept by a cheap phone. One of them, DataTile.js, makes
// an error as it is read, for which V8 reads the whole bundle once more where anybody listens for errors
// (DevTools, what measures pages).
const NOTHING = 'export default class {}\n';
const LEFT_OUT = {
  'DataTile.js': `${NOTHING}export const asImageLike = null, asArrayLike = null;`,
  'control/Attribution.js': NOTHING,
  'control/Rotate.js': NOTHING,
  'interaction/DragRotate.js': NOTHING,
  'interaction/PinchRotate.js': NOTHING,
  'proj/utm.js': 'export const makeProjection = () => null, makeTransforms = () => null;',
  'render/canvas/hitdetect.js': 'export const HIT_DETECT_RESOLUTION = 1, createHitDetectionImageData = null, hitDetect = null;',
  'render/canvas/style.js': 'export const flatStyleLikeToStyleFunction = null;',
  'reproj/Image.js': NOTHING,
  'reproj/Tile.js': NOTHING,
};
const withoutWhatIsUnused = {
  name: 'without-what-is-unused',
  setup({ onLoad, onEnd }) {
    const met = new Set();
    onLoad({ filter: /node_modules\/ol\/.*\.js$/ }, ({ path }) => {
      const name = path.split('node_modules/ol/')[1];
      if (!(name in LEFT_OUT)) return undefined;
      met.add(name);
      return { contents: LEFT_OUT[name] };
    });
    onEnd(() => {
      const gone = Object.keys(LEFT_OUT).filter((name) => !met.has(name));
      if (gone.length > 0) throw new Error(`OpenLayers no longer reads ${gone}: see LEFT_OUT`);
    });
  },
};
const bundle = (entry, plugins) => build({ ...options, entryPoints: [entry], format: 'esm', plugins });
const [script, reader] = [await bundle('ol.js', [measuresByCanvas, withoutWhatIsUnused]), await bundle('pmtiles.js', [])];
const style = await build({ ...options, entryPoints: ['node_modules/ol/ol.css'], plugins: [coloursOfMaps] });
// folium writes scripts that expect Leaflet as the global L.
const leaflet = await build({ ...options, entryPoints: ['node_modules/leaflet/dist/leaflet-src.js'] });
const leafletStyle = await build({
  ...options, entryPoints: ['node_modules/leaflet/dist/leaflet.css'], loader: { '.png': 'dataurl' },
});

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
  // Of a package whose archive has none, the text of its repository is kept in licences/.
  const path = file ? join(folder, file) : join(here, 'licences', `${name}.txt`);
  if (!existsSync(path)) throw new Error(`${name} ${version} ships no licence file: do not vendor it`);
  const text = readFileSync(path, 'utf8').replace(/\r\n/g, '\n').trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
}

mkdirSync(vendor, { recursive: true });
for (const old of readdirSync(vendor)) rmSync(join(vendor, old));
const contentOf = (built) => built.outputFiles[0].contents;
const hashOf = (...parts) => parts
  .reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex').slice(0, 12);
const hash = hashOf(contentOf(script), contentOf(style));
writeFileSync(join(vendor, `ol-${hash}.js`), contentOf(script));
writeFileSync(join(vendor, `ol-${hash}.css`), contentOf(style));
writeFileSync(join(vendor, `pmtiles-${hashOf(contentOf(reader))}.js`), contentOf(reader));
const leafletHash = hashOf(contentOf(leaflet), contentOf(leafletStyle));
writeFileSync(join(vendor, `leaflet-${leafletHash}.js`), contentOf(leaflet));
writeFileSync(join(vendor, `leaflet-${leafletHash}.css`), contentOf(leafletStyle));
const packages = [...new Set([script, reader, leaflet].flatMap(({ metafile }) => packagesOf(metafile)))].sort();
writeFileSync(join(vendor, 'LICENSES.txt'), packages.map(licenceOf).join(`\n${'-'.repeat(72)}\n\n`));
for (const [name, built] of [['ol', script], ['pmtiles', reader], ['leaflet', leaflet]]) {
  console.log(`${name}: ${contentOf(built).length} bytes, from ${packagesOf(built.metafile).join(', ')}`);
}

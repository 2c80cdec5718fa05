// What the pages that ask without a reload have in common: answers of our own server, and lines.

// The one place where text becomes a page: our own server's answer, and nothing in it is run.
const policy = window.trustedTypes?.createPolicy('amparo', { createHTML: (html) => html });

/** Read a page of our own server. */
export const parsed = (html) => new DOMParser().parseFromString(policy?.createHTML(html) ?? html, 'text/html');

/** A line as app/page_models/route_lines.py packs it: [longitude, latitude, metres along the road], each. */
export function unpacked(numbers) {
  const vertices = [];
  let [lon, lat, atM] = [0, 0, 0];
  for (let i = 0; i + 2 < numbers.length; i += 3) {
    lon += numbers[i];
    lat += numbers[i + 1];
    atM += numbers[i + 2];
    vertices.push([lon / 1e5, lat / 1e5, atM]);
  }
  return vertices;
}

/** Where a line is so many metres along its road. */
export function placeAt(vertices, atM) {
  const next = vertices.findIndex((vertex) => vertex[2] >= atM);
  if (next <= 0) return vertices[next < 0 ? vertices.length - 1 : 0].slice(0, 2);
  const [before, after] = [vertices[next - 1], vertices[next]];
  const share = (atM - before[2]) / (after[2] - before[2] || 1);
  return [0, 1].map((i) => before[i] + share * (after[i] - before[i]));
}

/** The part of a line between two places of its road. */
export function between(vertices, fromM, toM) {
  const inside = vertices.filter((vertex) => vertex[2] > fromM && vertex[2] < toM).map((vertex) => vertex.slice(0, 2));
  return [placeAt(vertices, fromM), ...inside, placeAt(vertices, toM)];
}

// Where on the streets of a pack the ends of a way are: each by the nearest street of its country,
// or by the nearest two that streets join (routing/router/snap_selection.py).
import { IS_NO_ROAD, METRES_A_DEGREE, PER_DEGREE, countryOf, lineOf } from './streets.js';

const ABROAD_M = 50; // as routing/router/snap_selection.py

/**
 * Meet both ends of a way with the streets.
 *
 * @param {{at: [number, number], country: string|null}} from where somebody stands, and in which
 *        country, if that is known: nobody is met across a border (P33)
 * @returns {object[]|null} edge, share of it and distance of each; null where no street is near, or
 *          none that streets join
 */
export function meet(streets, from, to) {
  const [starts, ends] = [from, to].map((place) => nearStreets(streets, place));
  const pairs = starts.flatMap((start) => ends.map((end) => ({ start, end, sumM: start.distanceM + end.distanceM })));
  const isPlain = ({ start, end }) => start === starts[0] && end === ends[0];
  pairs.sort((a, b) => isPlain(b) - isPlain(a) || a.sumM - b.sumM);
  const found = pairs.find(({ start, end }) => isJoined(streets, start, end));
  return found ? [snapped(streets, found.start, from.at), snapped(streets, found.end, to.at)] : null;
}

/** Streets within the limit, the nearest first; of those inside a component the nearest alone. */
function nearStreets(streets, { at: [lon, lat], country }) {
  const { roadStart, roadEdge, lineLon, lineLat, flags, tail, edgeHead, component, nodeCountry, countries } = streets;
  const scaleX = METRES_A_DEGREE * Math.cos((lat * Math.PI) / 180) / PER_DEGREE;
  const scaleY = METRES_A_DEGREE / PER_DEGREE;
  const [x, y] = [lon * PER_DEGREE, lat * PER_DEGREE];
  const limitM = streets.snap_limit_m;
  const best = new Map();
  const look = (road) => {
    const edge = roadEdge[road];
    if (flags[edge] & IS_NO_ROAD) return;
    const parts = [component[tail[edge]], component[edgeHead[edge]]];
    const key = parts[0] === parts[1] ? parts[0] * 256 + nodeCountry[tail[edge]] : -1 - edge;
    let withinM = best.get(key)?.distanceM ?? limitM;
    for (let v = roadStart[road]; v + 1 < roadStart[road + 1]; v += 1) {
      const fromY = (lineLat[v] - y) * scaleY;
      const toY = (lineLat[v + 1] - y) * scaleY;
      if ((fromY > withinM && toY > withinM) || (fromY < -withinM && toY < -withinM)) continue;
      const fromX = (lineLon[v] - x) * scaleX;
      const toX = (lineLon[v + 1] - x) * scaleX;
      if ((fromX > withinM && toX > withinM) || (fromX < -withinM && toX < -withinM)) continue;
      const [dx, dy] = [toX - fromX, toY - fromY];
      const square = dx * dx + dy * dy;
      const along = square > 0 ? Math.min(1, Math.max(0, -(fromX * dx + fromY * dy) / square)) : 0;
      const distanceM = Math.hypot(fromX + along * dx, fromY + along * dy);
      if (distanceM > withinM || (distanceM === withinM && best.has(key))) continue;
      withinM = distanceM;
      best.set(key, { road, edge, vertex: v, along, distanceM, side: nodeCountry[tail[edge]] });
    }
  };
  for (const roads of streets.grid.near(x, y, limitM / scaleX, limitM / scaleY)) roads.forEach(look);
  const all = [...best.values()].sort((a, b) => a.distanceM - b.distanceM);
  const side = country === null ? all[0]?.side : countries.indexOf(country);
  const abroadM = all.find((one) => one.side !== side)?.distanceM ?? Infinity;
  // The line to another than the nearest keeps clear of streets abroad: it may cross the border.
  return all.filter((one) => one.side === side)
    .filter(({ distanceM }, index) => index === 0 || distanceM + ABROAD_M < abroadM);
}

/** Both directions of a street that may be walked. */
const directions = ({ twin }, edge) => (twin[edge] < 0 ? [edge] : [edge, twin[edge]]);

/** Whether streets lead from one to another, though closed. */
function isJoined(streets, start, end) {
  const { component, edgeHead, tail } = streets;
  if (start.edge === end.edge && (streets.twin[start.edge] >= 0 || placeOf(start) <= placeOf(end))) return true;
  const leaving = directions(streets, start.edge).map((edge) => component[edgeHead[edge]]);
  const arriving = directions(streets, end.edge).map((edge) => component[tail[edge]]);
  return arriving.some((part) => leaving.includes(part)) || leaving.some((part) => isReached(streets, part, arriving));
}

const placeOf = ({ vertex, along }) => vertex + along;

function isReached({ onward }, from, parts) {
  const [seen, queue] = [new Set([from]), [from]];
  for (const part of queue) {
    for (const next of onward.get(part) ?? []) {
      if (parts.includes(next)) return true;
      if (!seen.has(next)) queue.push(next);
      seen.add(next);
    }
  }
  return false;
}

function snapped(streets, { road, edge, vertex, along, distanceM }, place) {
  const { points, shares } = lineOf(streets, road);
  const i = vertex - streets.roadStart[road];
  const share = Math.min(1, shares[i] + along * (shares[i + 1] - shares[i]));
  const at = [0, 1].map((axis) => points[i][axis] + along * (points[i + 1][axis] - points[i][axis]));
  return { edge, share, at, distanceM, place, country: countryOf(streets, streets.tail[edge]) };
}

/**
 * Whether an area lies at a place or between it and the street that it is met with (P11).
 *
 * @param {object} end of `meet`
 * @param {object} area Polygon, MultiPolygon or GeometryCollection, GeoJSON
 */
export function isBetween({ place, at, distanceM }, area) {
  if (distanceM === 0) return false;
  return polygonsOf(area).some((rings) => isInside(place, rings) || isInside(at, rings)
    || rings.some((ring) => ring.some((point, i) => i > 0 && areCrossed(place, at, ring[i - 1], point))));
}

function polygonsOf({ type, coordinates, geometries }) {
  if (type === 'GeometryCollection') return geometries.flatMap(polygonsOf);
  return type === 'Polygon' ? [coordinates] : type === 'MultiPolygon' ? coordinates : [];
}

/** Inside the outer ring and no hole, by how often a ray to the east meets a ring. */
function isInside([x, y], rings) {
  let isIn = false;
  for (const ring of rings) {
    for (let i = 1; i < ring.length; i += 1) {
      const [[ax, ay], [bx, by]] = [ring[i - 1], ring[i]];
      if ((ay > y) !== (by > y) && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) isIn = !isIn;
    }
  }
  return isIn;
}

const turn = ([ax, ay], [bx, by], [cx, cy]) => Math.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax));

const areCrossed = (a, b, c, d) => turn(a, b, c) * turn(a, b, d) <= 0 && turn(c, d, a) * turn(c, d, b) <= 0
  && (turn(a, b, c) !== 0 || turn(a, b, d) !== 0);

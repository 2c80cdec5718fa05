// Why a way is longer than it would be were everything open that is published (P54): the rule of
// routing/router/open_world_comparison.py, by the limits that the server puts into a pack.
import { distanceM } from './spaces.js';
import { nextOpening, stateAt } from './states.js';
import * as sketch from './ways.js';

/**
 * Find the ways to show, with the reasons why they are long, or why none is shown.
 *
 * @param {object} engine what searches the network: ways.js, or street-ways.js
 * @returns {{ways: object[], because: object[][], beyond: (string|null)[], refusal: string|null}}
 *          the reasons of each way, and by which limit it is beyond (`detour`, `too_long`); where
 *          there is none, what is closed on the open one. Refused where all are: as these, or `none`
 */
export function askWays(network, from, to, startMs, engine = sketch) {
  const { findIn, findWays, makeWorld } = engine;
  const ways = findWays(network, from, to, startMs);
  const { limits } = network.pack;
  const world = makeWorld(network, from, startMs, { isOpened: () => true, isTimeOnly: true });
  const open = findIn(world, from, to);
  const met = open === null ? [] : metBy(open, world);
  if (ways.length === 0) return { ways, because: [met.map((one) => ({ ...one, extraS: null, extraM: null }))], beyond: [], refusal: 'none' };
  // A pack of before the limits were told says nothing of them.
  if (!limits) return { ways, because: ways.map(() => []), beyond: ways.map(() => null), refusal: null };
  const openedBut = (chosen) => {
    const isOpened = (kind, index) => chosen.some((one) => one.kind === kind && one.index === index);
    return findIn(makeWorld(network, from, startMs, { isOpened, isTimeOnly: true }), from, to);
  };
  // What is closed must cost the quickest way too: the rest was chosen for less exposure.
  const quickestS = openedBut([]).elapsedS;
  const because = ways.map((way) => reasonsOf(way, { open, met, openedBut, quickestS, limits, network }));
  const beyond = beyondOf(ways, because, { open, quickestS, limits });
  const isRefused = beyond.every((kind) => kind !== null);
  const refusal = !isRefused ? null : beyond.includes('detour') ? 'detour' : 'too_long';
  return { ways, because, beyond, refusal };
}

const isFar = (elapsedS, open, limits) => elapsedS > limits.detour_factor * open.elapsedS
  && elapsedS - open.elapsedS > limits.detour_min_extra_s;

const isOverCeiling = ({ line, lengthM, elapsedS }, limits) =>
  lengthM > limits.ceiling_factor * distanceM(line[0], line[line.length - 1]) && elapsedS > limits.ceiling_min_s;

/** Which limit each way is beyond, closures first: what a way goes round by choice is none. */
function beyondOf(ways, because, { open, quickestS, limits }) {
  const ceilings = ways.map((way) => (isOverCeiling(way, limits) ? 'too_long' : null));
  const beyond = ways.map(({ elapsedS }, index) => {
    const isClosed = because[index].some(({ isChoice }) => !isChoice);
    return isClosed && isFar(elapsedS, open, limits) ? 'detour' : ceilings[index];
  });
  // Where what is closed leaves a way within the limit, less exposure was chosen.
  const isChosen = !beyond.includes(null) && !isFar(quickestS, open, limits);
  return isChosen ? ceilings : beyond;
}

/** What is not open on the open way when it comes by, in its order. */
function metBy(open, { network: { pack, roads }, startMs, isShutBy }) {
  const { around } = pack;
  const found = [];
  for (const road of open.roads) {
    for (const index of roads.shut[road] ?? []) {
      if (!isShutBy(road, index) || found.some((one) => one.kind === 'hazard' && one.index === index)) continue;
      const { until_minute: until = null } = around.hazards[index];
      const untilMs = until === null ? null : Date.parse(pack.start) + until * 60_000;
      found.push({ kind: 'hazard', index, state: null, record: around.hazards[index], untilMs });
    }
    const posts = roads.gates[road] ?? [];
    for (const { crossing, post, thereMs } of open.crossings.filter((one) => posts.includes(one.post))) {
      const state = stateAt(crossing, pack, thereMs);
      if (state === 'open') continue;
      const isOpenAtStart = stateAt(crossing, pack, startMs) === 'open';
      const untilMs = nextOpening(crossing, pack, thereMs);
      found.push({ kind: 'crossing', index: post, state, record: crossing, untilMs, isOpenAtStart });
    }
  }
  return found;
}

function reasonsOf(way, { open, met, openedBut, quickestS, limits, network }) {
  if (way.elapsedS - open.elapsedS < limits.least_extra_s) return [];
  const figured = (one, shorter, longer = way) =>
    ({ ...one, extraS: longer.elapsedS - shorter.elapsedS, extraM: longer.lengthM - shorter.lengthM });
  const saves = (shorter) => shorter !== null && shorter.elapsedS <= quickestS - limits.least_extra_s;
  if (!saves(open)) return chosenReasons(way, open, limits, network).map((one) => figured(one, open));
  // With more in a row than these none alone helps.
  const isFew = met.length <= limits.most_alone;
  const alone = met.map((one, index) => (index < limits.most_alone ? openedBut([one]) : null));
  const beside = met.map((one, index) =>
    (isFew && !saves(alone[index]) ? openedBut(met.filter((other) => other !== one)) : null));
  const isNeeded = (_, index) => beside[index] === null || beside[index].elapsedS - open.elapsedS >= limits.least_extra_s;
  if (!alone.some(saves)) {
    const needed = met.filter(isNeeded);
    return (needed.length > 0 ? needed : met).map((one) => figured(one, open));
  }
  return met.flatMap((one, index) => {
    if (saves(alone[index])) return [figured(one, alone[index])];
    return isNeeded(one, index) ? [figured(one, open, beside[index] ?? way)] : [];
  });
}

/** Hazards that weigh, and that a way goes far round by choice: told, and never a refusal. */
function chosenReasons(way, open, limits, { pack }) {
  if (way.elapsedS <= limits.detour_factor * open.elapsedS) return [];
  return open.hazards.map(({ hazard }) => (
    { kind: 'hazard', index: pack.around.hazards.indexOf(hazard), state: null, record: hazard, untilMs: null, isChoice: true }));
}

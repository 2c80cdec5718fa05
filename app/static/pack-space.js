// The page of one space, drawn from its pack (P43). What a pack of before does not tell is not known.
import { digitsOf, element, iconOf, messageTo } from './cards.js';
import { linesOf } from './contents.js';
import { dayNumber, fill } from './phrases.js';
import { demoMark, lineItems } from './reviewed.js';
import { townOf } from './roads.js';
import { isUsable } from './spaces.js';
import { makeWorld } from './ways.js';

const byId = (id) => document.getElementById(id);
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const LISTED_DAYS = 7; // as app/i18n/weekly_hours.py
const MOST_ONWARD = 4; // [A]: a town of the sketch has seldom more roads out of it

/** Begin the page; `show` is called with whatever the packs hold. */
export function startSpace(phone, id) {
  const { texts, names, phrases } = phone;
  const unknown = (text = texts.notKnown) => element('span', { class: 'not-known' }, text);
  const original = (text) => element('span', { lang: 'es' }, text);
  const yesNo = (value) => (value === true ? element('span', { class: 'there' }, texts.yes)
    : value === false ? element('span', { class: 'not-there' }, texts.no) : unknown());
  const named = (list, codes) => codes.map((code) => names[list][code] ?? code).join(', ');

  /** Facts that people need before they go, in the order of the server's page. */
  function beforeRows(space) {
    const { details } = space;
    const isOwn = (value) => value !== null && value !== undefined;
    return [
      [texts.howIn, space.isReferralOnly ? referral(space) : [texts.walkIn]],
      [texts.cost, [details.fee_kind === 'free' ? texts.free : details.fee_kind === 'not_known' || !isOwn(details.fee_kind) ? unknown() : texts.paid]],
      [texts.forWhom, forWhom(details)],
      [texts.childrenAlone, [yesNo({ yes: true, no: false }[details.children_alone])]],
      [texts.documents, [!isOwn(details.documents_required) ? unknown(texts.documentsNotKnown)
        : details.documents_required.length === 0 ? texts.noDocuments : named('documents', details.documents_required)]],
      [texts.freePlaces, places(space)],
      [texts.sleeping, sleeping(space)],
      [texts.languages, [space.languages.length === 0 ? unknown() : named('languages', space.languages)]],
      [texts.dataShared, details.data_shared
        ? [element('q', { lang: 'es' }, details.data_shared), ' ', element('small', {}, texts.placesWords)] : [unknown(texts.dataSharedNotKnown)]],
    ];
  }

  function referral({ referral: from, details }) {
    const points = (details.referral_points ?? []).map((one) => phone.contents.spaces.find((space) => space.id === one)).filter(Boolean);
    const told = points.map((one) => [element('br'), `${texts.refers} `, element('a', { href: phone.spaceAddress(one.id) }, one.name), `, ${one.locality}`]);
    const rest = from ? [element('br'), fill(texts.referralFrom, { name: from })] : [element('br'), texts.referrerNotKnown];
    return [element('b', {}, texts.byReferral), ...(points.length > 0 ? told.flat() : rest)];
  }

  function forWhom({ genders, minimum_age: low = null, maximum_age: high = null, families_only: isForFamilies, eligibility }) {
    const ages = low === null && high === null ? null
      : high === null ? fill(texts.agesFrom, { age: low }) : low === null ? fill(texts.agesTo, { age: high }) : fill(texts.agesBetween, { low, high });
    const words = [
      genders === undefined ? null : genders === null ? texts.everybody : `${texts.only} ${named('genders', genders)}`,
      ages, isForFamilies ? texts.familiesOnly : null,
    ].filter(Boolean).join('; ');
    return [words || (eligibility ? null : unknown()), ...(eligibility ? [words ? element('br') : null, original(eligibility)] : [])];
  }

  function places({ isFull, status, details, timezone }) {
    const { capacity, capacity_updated: updated = null } = details;
    const time = updated === null ? '' : ` (${fill(texts.saidAt, { time: phrases.moment(Date.parse(updated), Date.now(), timezone) })})`;
    if (isFull || status === 'full') return [element('b', {}, texts.placesFull), time];
    return capacity === 'places' ? [texts.placesLeft, time] : [unknown()];
  }

  function sleeping({ isOvernight, details }) {
    if (!isOvernight) return [texts.sleepsNot];
    const { maximum_nights: most = null } = details;
    return most === null ? [`${texts.sleeps}; `, unknown(texts.nightsNotKnownThere)] : [`${texts.sleeps}, ${phrases.plural(texts.mostNights, most)}`];
  }

  /** The hours of this day and the six after, by the place's own clock. */
  function hoursPart(space) {
    if (space.hours === null) return [element('p', { class: 'not-known' }, texts.hoursNotKnown)];
    const today = dayNumber(Date.now(), space.timezone);
    const rows = Array.from({ length: LISTED_DAYS }, (_, index) => dayRow(space, today + index));
    return [element('table', { class: 'hours' }, ...rows.filter(Boolean)), element('p', { class: 'fine' }, texts.hoursTold)];
  }

  function dayRow(space, day) {
    const told = [];
    const { hours, startMs, endMs, timezone } = space;
    for (let i = 0; i < hours.length; i += 4) {
      const [from, until, entry, isCertain] = hours.slice(i, i + 4);
      const [opensMs, closesMs] = [from, until].map((minute) => startMs + minute * MINUTE_MS);
      // One that began before, or has no end within the days that are told.
      const [first, last] = [dayNumber(opensMs, timezone), dayNumber(closesMs - 1, timezone)];
      if (day < first || day > last) continue;
      const isWhole = first < day && (last > day || closesMs >= endMs);
      if (isWhole) told.push(texts.allDay);
      else if (first === day || opensMs <= startMs) told.push(openingWords({ opensMs, closesMs, entry, isCertain }, space));
    }
    const on = new Date(day * DAY_MS);
    const isKnown = day * DAY_MS < endMs - DAY_MS;
    if (!isKnown) return null;
    const name = `${texts.weekdays[(on.getUTCDay() + 6) % 7]} ${on.getUTCDate()} ${texts.months[on.getUTCMonth()]}`;
    return element('tr', {}, element('th', { scope: 'row' }, name), element('td', {}, told.length > 0 ? told.join('; ') : texts.closedThatDay));
  }

  function openingWords({ opensMs, closesMs, entry, isCertain }, { timezone, startMs, endMs }) {
    const clock = (ms) => phrases.clock(ms, timezone);
    const span = closesMs >= endMs ? texts.allDay : `${clock(opensMs)} – ${clock(closesMs)}`;
    const last = entry === null ? '' : `; ${fill(texts.lastEntry, { time: clock(startMs + entry * MINUTE_MS) })}`;
    return `${span}${last}${isCertain ? '' : ` (${texts.holidayNotKnown})`}`;
  }

  function amenities({ details }) {
    const told = details.amenities ?? {};
    const codes = [...new Set([...names.amenitiesAlways, ...Object.keys(told)])];
    const item = (icon, name, value) => element('li', {}, iconOf(names.icons, icon), element('span', {}, name), ' ', yesNo(value));
    return [
      ...codes.map((code) => item(names.amenityIcons[code], names.amenities[code] ?? code, told[code])),
      item(names.amenityIcons.step_free, texts.stepFree, details.step_free),
    ];
  }

  /** The next space along each road out of the space's town, without a border between (P33). */
  function onward(space) {
    const { network, spaces } = phone.contents;
    const root = network ? townOf(network, space) : null;
    if (root === null) return [];
    const tree = makeWorld(network, root, Date.now(), { isTimeOnly: true }).treeOf(root);
    const branchOf = (node) => {
      let at = node;
      while (tree.before[at] !== root && tree.before[at] !== -1) at = tree.before[at];
      return at;
    };
    const nearest = new Map();
    for (const other of spaces) {
      if (!isUsable(other)) continue;
      const node = townOf(network, other);
      if (node === null || node === root || tree.cost[node] === Infinity) continue;
      const [branch, lengthM] = [branchOf(node), tree.lengthM[node]];
      if (!nearest.has(branch) || lengthM < nearest.get(branch).lengthM) nearest.set(branch, { other, lengthM });
    }
    return [...nearest.values()].sort((a, b) => a.lengthM - b.lengthM).slice(0, MOST_ONWARD);
  }

  function calls({ id: own, phone: number, whatsapp }) {
    const { actions } = names.icons;
    return element('p', { class: 'calls' },
      number ? element('a', { class: 'button', href: `tel:${digitsOf(number)}` }, iconOf(names.icons, actions.call),
        element('span', {}, `${texts.call} `, element('small', {}, number))) : null,
      whatsapp ? element('a', { class: 'button', href: messageTo(whatsapp), rel: 'noreferrer' },
        iconOf(names.icons, actions.message), element('span', {}, 'WhatsApp ', element('small', {}, whatsapp))) : null,
      element('button', { class: 'button', form: 'go', name: 'end_choice', value: `space:${own}` },
        iconOf(names.icons, actions.way), element('span', {}, texts.goHere)));
  }

  const rowsOf = (rows) => element('dl', {}, ...rows.flatMap(([name, parts]) => [
    element('dt', {}, name), element('dd', {}, ...parts),
  ]));

  function article(space) {
    const { details } = space;
    const [state, words] = phone.opening(space, Date.now());
    const country = names.countries[space.country] ?? space.country;
    const services = names.order.filter((code) => space.services.includes(code));
    const next = onward(space);
    return element('article', { class: 'place', 'data-space': space.id },
      element('header', {},
        element('h1', { tabindex: '-1' }, space.name, demoMark(space.isDemo)),
        element('p', { class: 'where' }, `${names.kinds[space.kind] ?? space.kind} · ${[space.locality, details.admin1, country].filter(Boolean).join(', ')}`),
        element('p', { class: `opening opening-${state}` }, words),
        element('p', { class: `seen${space.isDemo ? ' seen-demo' : ''}` }, phone.age(space, Date.now())),
        space.isReferralOnly ? element('p', { class: 'referral' }, texts.byReferral) : null,
        details.notice ? element('p', { class: 'notice' }, element('b', {}, `${texts.notice}:`), ' ', original(details.notice)) : null,
        calls(space),
        space.phone || space.whatsapp || details.contact ? null : element('p', { class: 'not-known' }, texts.noPhone),
        element('ul', { class: 'services', 'aria-label': texts.services },
          ...services.map((code) => element('li', {}, iconOf(names.icons, names.icons.services[code]), names.services[code] ?? code)))),
      element('h2', {}, texts.where),
      rowsOf([
        [texts.address, [details.address ? original(`${details.address}, `) : null, space.locality,
          details.coord_precision === 'town' ? `; ${texts.atTown}` : null]],
        [texts.landmark, [details.landmark ? original(details.landmark) : unknown()]],
        [texts.road, [details.road ? original(details.road) : null,
          Number.isFinite(details.road_km) ? `${details.road ? ', ' : ''}${fill(texts.kilometre, { km: phrases.number(details.road_km, 1) })}` : null,
          details.road || Number.isFinite(details.road_km) ? null : unknown()]],
      ]),
      element('p', {}, element('button', { class: 'link', form: 'go', name: 'start_choice', value: `space:${space.id}` }, texts.fromHere)),
      element('h2', {}, texts.hours), ...hoursPart(space),
      element('h2', {}, texts.beforeGoing), rowsOf(beforeRows(space)),
      element('h2', {}, texts.whatIsThere), element('ul', { class: 'has' }, ...amenities(space)),
      details.organization || details.contact ? element('p', {}, [details.organization, details.contact].filter(Boolean).join(' · ')) : null,
      element('h2', {}, texts.onward),
      next.length === 0 ? element('p', { class: 'not-known' }, texts.noOnward)
        : element('ul', { class: 'plain' }, ...next.map(({ other, lengthM }) => element('li', {},
          element('a', { href: phone.spaceAddress(other.id) }, other.name), `: ${other.locality}, ${fill(texts.byRoad, { km: phrases.km(lengthM) })}`,
          demoMark(other.isDemo)))),
      details.municipality ? element('p', {}, element('a', { class: 'button', href: `/lists/${details.municipality}?lang=${phone.data.lang}` }, texts.listOfTown)) : null);
  }

  return {
    show() {
      const space = phone.contents.spaces.find((one) => one.id === id);
      phone.showOwn(space !== undefined);
      // Nothing of a pack that ended meanwhile (P49).
      byId('space-card').replaceChildren(...(space === undefined ? [] : [article(space)]));
      if (space === undefined) return;
      byId('lines').replaceChildren(...lineItems(linesOf(phone.contents, [space.country]), names.countries));
      phone.map.whenLoaded((map) => map.lookAt([space.lon, space.lat], { ids: [space.id] }));
    },
  };
}

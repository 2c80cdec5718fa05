// The page of packs: what can be taken along, what the phone has, and how to be rid of it.
import { element } from './cards.js';
import { startPackStreets } from './pack-streets.js';
import { fill } from './phrases.js';
import { forget, forgetAll, offered, take, taken } from './packs.js';
import { namedCountry } from './spaces.js';

const byId = (id) => document.getElementById(id);
const say = (text) => { byId('pack-status').textContent = text; };

/** Begin the page; `show` is called with whatever the packs hold. */
export function startShelf(phone) {
  const { data, texts, names, phrases, day } = phone;
  const size = (bytes) => (bytes >= 1_000_000 ? `${phrases.number(bytes / 1e6, 1)} MB` : `${phrases.number(Math.ceil(bytes / 1000))} kB`);

  const streets = startPackStreets(phone, size);

  byId('forget-all').addEventListener('click', async () => {
    await forgetAll();
    await phone.read(taken());
    say(texts.forgotten);
  });

  async function showPacks() {
    const { packs } = phone.contents;
    let offer = { packs: packs.map(({ country: code }) => ({ country: code, spaces: null })), basemap: null };
    try {
      offer = await offered();
    } catch {
      // Without a network what is on the phone can still be deleted.
    }
    const codes = [...new Set([...packs, ...offer.packs].map(({ country }) => country))];
    byId('pack-list').replaceChildren(...inOrder(codes, packs).map((code) => packItem(
      code, offer.packs.find((one) => one.country === code), packs.find((pack) => pack.country === code), offer.basemap,
    )));
  }

  /** Those on the phone, the country that its language names, then the others by their names. */
  function inOrder(codes, packs) {
    const named = namedCountry();
    const rank = (code) => (packs.some(({ country }) => country === code) ? 0 : code === named ? 1 : 2);
    const compare = new Intl.Collator(document.documentElement.lang).compare;
    const name = (code) => names.countries[code] ?? code;
    return codes.sort((a, b) => rank(a) - rank(b) || compare(name(a), name(b)));
  }

  function packItem(code, offer, pack, basemap) {
    const { packs } = phone.contents;
    const name = names.countries[code] ?? code;
    const status = element('p', { class: 'fine', role: 'status' });
    if (pack) {
      status.textContent = pack.isExpired
        ? fill(texts.expired, { date: day(pack.expires_on) })
        : `${fill(texts.takenOf, { date: day(pack.start) })} ${fill(texts.taken, { date: day(pack.expires_on) })}`;
    } else if (offer) {
      const bytes = offer.size_bytes + (packs.length === 0 ? basemap?.size_bytes ?? 0 : 0);
      const forms = packs.length === 0 && basemap ? texts.sizeWithMap : texts.size;
      status.textContent = phrases.plural(forms, offer.spaces, { size: size(bytes) });
    }
    const get = element('button', { type: 'button', class: 'button quiet' }, pack ? texts.renew : texts.take,
      element('span', { class: 'unseen' }, `: ${name}`));
    get.addEventListener('click', async () => {
      get.disabled = true;
      try {
        await take(code, {
          files: data.mapFiles,
          basemap,
          onShare: (share) => { status.textContent = fill(texts.taking, { share: Math.round(share * 100) }).replace('%%', '%'); },
        });
        await phone.read(taken());
      } catch (error) {
        console.warn(error);
        status.textContent = texts.notTaken;
      } finally {
        get.disabled = false;
      }
    });
    const drop = element('button', { type: 'button', class: 'button quiet' }, texts.forget,
      element('span', { class: 'unseen' }, `: ${name}`));
    drop.addEventListener('click', async () => {
      await forget(code);
      await phone.read(taken());
      say(texts.forgotten);
    });
    return element('li', { class: 'card pack', 'data-pack': code },
      element('h2', {}, name), status,
      element('p', { class: 'need' }, offer ? get : null, pack ? drop : null));
  }

  return {
    async show() {
      await showPacks();
      await streets.show();
    },
  };
}

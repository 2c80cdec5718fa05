// Words, numbers and times as the server writes them; the page's data block brings the texts.

/** Put values into a text of the catalogues: `%(name)s`. */
export const fill = (text, values) =>
  text.replace(/%\((\w+)\)s/g, (_, name) => values[name] ?? '');

/**
 * Make what writes in the page's language.
 *
 * @param {object} texts what `app/page_models/phone_texts.py` gives
 */
export function makePhrases(texts) {
  const number = (value, decimals = 0) => {
    const [whole, part] = value.toFixed(decimals).split('.');
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, texts.group);
    return part && part !== '0' ? `${grouped}${texts.decimal}${part}` : grouped;
  };
  /** The local time of a place, with the day where it is not today's. */
  const moment = (ms, nowMs, timezone) => {
    const [day, clock] = localParts(ms, timezone);
    if (day.key === localParts(nowMs, timezone)[0].key) return clock;
    return `${texts.weekdays[day.weekday]} ${day.day} ${texts.months[day.month - 1]}, ${clock}`;
  };
  return {
    number,
    moment,
    /** The phone's own time, as moments of data are told. */
    ownMoment: (ms, nowMs = Date.now()) => moment(ms, nowMs, Intl.DateTimeFormat().resolvedOptions().timeZone),
    /** One decimal below 10 km, none above, never "0 km". */
    km(distanceM) {
      if (distanceM >= 9950) return `${number(Math.round(distanceM / 1000))} km`;
      const tenths = distanceM > 0 && distanceM < 100 ? 1 : Math.round(distanceM / 100);
      return `${number(tenths / 10, 1)} km`;
    },
    /** A text that depends on a number; `forms` are those of the language, in its order. */
    plural(forms, count) {
      const form = forms[texts.singular.includes(count) ? 0 : forms.length - 1];
      return fill(form, { num: number(count) });
    },
  };
}

const formats = new Map();

/** Which day and hour it is somewhere: digits alone, for Intl does not know every language. */
function localParts(ms, timezone) {
  let format = formats.get(timezone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: timezone, year: 'numeric', month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit',
      hourCycle: 'h23',
    });
    formats.set(timezone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  const [year, month, day] = [parts.year, parts.month, parts.day].map(Number);
  // Monday is 0, as in the catalogues.
  const weekday = (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7;
  return [{ key: `${year}-${month}-${day}`, month, day, weekday }, `${parts.hour}:${parts.minute}`];
}

/** The days from 1 January 1970 to today, somewhere. */
export function dayNumber(ms, timezone) {
  const [year, month, day] = localParts(ms, timezone)[0].key.split('-').map(Number);
  return Date.UTC(year, month - 1, day) / 86_400_000;
}

// When a walker is where: the rule of routing/travel/timetable.py, for the even pace of a pack.
//
// Walking happens within the window of hours; only the last hour of a section, to a roof, a border
// post or the end, is walked at whatever hour. No more than the longest day is walked between two
// openings of the window, and who has waited for one is fresh. Times are seconds after the midnight
// before the departure, local; the departure's offset holds for the whole way.

const DAY_S = 86_400;
const NOTHING_M = 1e-3;

/** Make what walks by a pack's `walker`; one of before the tail was told walks none. */
export function makeMarch({
  speed_m_s: speed, day_max_m: dayM, window_s: windowS, window_start_h: startH, tail_s: tailS = 0,
}) {
  const opensS = startH * 3600;
  const periodOf = (clockS) => Math.floor((clockS - opensS) / DAY_S);
  const nextOpeningS = (clockS) => opensS + (periodOf(clockS) + 1) * DAY_S;
  const closesS = (clockS) => opensS + periodOf(clockS) * DAY_S + windowS;
  const isLate = (clockS) => clockS >= closesS(clockS);

  return {
    speed,
    periodOf,
    /** Whether a clock lies outside the hours of walking. */
    isClosed: isLate,
    /** What a length takes at least, whatever the hour and the metres left of the day. */
    leastS: (lengthM) => Math.max(lengthM / speed, (Math.ceil(lengthM / dayM) - 2) * DAY_S),
    /** Where somebody stands who sets out: fresh, with nothing walked. */
    start: (clockS) => ({ clockS, leftM: dayM, freshS: nextOpeningS(clockS), walkedOn: null, days: 0 }),
    /** Stand until a moment; who was there at an opening is fresh. */
    until(state, clockS) {
      if (clockS < state.freshS) return { ...state, clockS };
      return { ...state, clockS, leftM: dayM, freshS: nextOpeningS(clockS) };
    },
    /** Walk a section of a way, at its mean pace where that is not the pack's. */
    walk(state, lengthM, wholeS = lengthM / speed) {
      let { clockS, leftM, freshS, walkedOn, days } = state;
      const pace = wholeS === lengthM / speed ? speed : lengthM / wholeS;
      const tailFromS = Math.max(0, wholeS - tailS);
      let doneS = 0;
      while (doneS < wholeS) {
        if (clockS >= freshS) [leftM, freshS] = [dayM, nextOpeningS(clockS)];
        const isTail = doneS >= tailFromS;
        if (leftM <= NOTHING_M || (!isTail && isLate(clockS))) {
          clockS = freshS;
          continue;
        }
        const partS = isTail ? wholeS : tailFromS;
        const endS = isTail ? freshS : Math.min(freshS, closesS(clockS));
        // Sums would leave rounding behind, and a step of nothing after it.
        const stepS = Math.min(partS - doneS, endS - clockS, leftM / pace);
        doneS = stepS === partS - doneS ? partS : doneS + stepS;
        clockS = stepS === endS - clockS ? endS : clockS + stepS;
        leftM -= stepS * pace;
        const period = periodOf(clockS - stepS);
        if (period !== walkedOn) [walkedOn, days] = [period, days + 1];
      }
      return { clockS, leftM, freshS, walkedOn, days };
    },
  };
}

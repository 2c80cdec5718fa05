// Colours of the ground of the map by day and by night; those of signs are the catalogue's.
//
// Names read at 4.5:1 on land and on water (WCAG 2.2, 1.4.3), and none of the ground is green: on
// this map green would read as "safe" (P46). Road, border and river differ in colour and in form.

const DAY = {
  land: '#f7f5ef', water: '#c9dfe9',
  ink: '#16262b', halo: 'rgba(255,255,255,0.92)', soft: '#4e3d57', waterInk: '#1d4f73',
  border: '#7a3b80', coast: '#7d9bab', unit: '#a08fa6', river: '#4f92bd',
  main: '#ffcf70', mainCasing: '#8f6416', road: '#fff0c4', roadCasing: '#97804a',
  street: '#ffffff', streetCasing: '#978d79', path: '#8a5323', ferry: '#2f6d9c', sketch: '#7d5a24',
};

const NIGHT = {
  land: '#20282b', water: '#0e1b24',
  ink: '#eef2f3', halo: 'rgba(16,22,24,0.92)', soft: '#dccbe2', waterInk: '#a9d3ee',
  border: '#c48fca', coast: '#55707e', unit: '#7d6f83', river: '#3d7ba5',
  main: '#b9822b', mainCasing: '#0f1416', road: '#8c7440', roadCasing: '#0f1416',
  street: '#525d62', streetCasing: '#12181a', path: '#d39a66', ferry: '#7fb6df', sketch: '#d0a866',
};

/** The colours for a page that is dark, or not. */
export const paletteOf = (isDark) => (isDark ? NIGHT : DAY);

// What reads a basemap that the phone has taken along, and nothing else.
export { FileSource, PMTiles } from 'pmtiles';

// Metadata of nodes as it chooses among them.

/** `rack=r1` as the API wants it: `rack:r1`. */
export const metaParameter = (pair: string): string => pair.replace('=', ':')

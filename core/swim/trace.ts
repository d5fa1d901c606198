// What happens inside a member, one line each, for people who watch the protocol at work. The same
// notes are log lines in effects.ts.
import type { SwimNote } from './effects.ts'

export interface TraceText {
  /** What happens, in the words of the papers: `ping`, `ping-req`, `suspect`. */
  readonly verb: string
  /** Whom it concerns. */
  readonly node: string
  readonly rest: string
}

type Of<What extends SwimNote['what']> = Extract<SwimNote, { what: What }>
type Texts = { readonly [What in SwimNote['what']]: (note: Of<What>, self: string) => TraceText }

const text = (verb: string, node: string, rest = ''): TraceText => ({ verb, node, rest })

const WAYS = { packet: '', helper: ' by a helper', stream: ' by stream' } as const

const TEXTS: Texts = {
  probe: ({ node, seqNo }) => text('ping', node, `#${seqNo}`),
  ack: ({ node, ms, by }) => text('ack', node, `after ${ms.toFixed(1)} ms${WAYS[by]}`),
  'ask-helpers': ({ node, helpers }) =>
    text('ping-req', node, helpers.length === 0 ? 'nobody to ask' : `asked ${helpers.join(', ')}`),
  nack: ({ node }) => text('nack', node, 'a helper got no answer either'),
  refused: ({ node }) => text('refused', node, 'nobody listens on its port'),
  'no-answer': ({ node, health }) => text('no answer', node, `our own health score is ${health}`),
  'void-probe': ({ node }) => text('void', node, 'we stood still: this probe counts for nothing'),
  'stood-still': ({ ms }, self) => text('late', self, `we stood still for ${ms.toFixed(0)} ms`),
  suspect: ({ node, from }) => text('suspect', node, `accused by ${from}`),
  confirm: ({ node, from }) => text('confirm', node, `accused by ${from}, too`),
  refute: ({ incarnation, accusation }, self) =>
    text('refute', self, `we were called ${accusation}; incarnation ${incarnation} says no`),
  cleared: ({ node, incarnation }) =>
    text('cleared', node, `it refuted the suspicion with incarnation ${incarnation}`),
  dead: ({ node, from }) => text('dead', node, `declared by ${from}`),
  left: ({ node }) => text('left', node, 'it said that it goes'),
  alive: ({ node, address }) => text('alive', node, `at ${address}`),
  conflict: ({ node, address }) => text('conflict', node, `${address} claims this name, too`),
  exchange: ({ with: node, members }) => text('exchange', node, `brought ${members} members`),
  'stream-failed': ({ with: node, why }) => text('stream', node, `failed: ${why}`),
  'bad-packet': ({ from, why }) => text('dropped', from, why),
  'not-admitted': ({ node, why }) => text('refused', node, why),
  full: ({ of }, self) => text('full', self, of),
  'udp-blocked': ({ node }) => text('ack', node, 'by stream only: datagrams seem to be blocked'),
  'join-again': ({ failures }) => text('join', '-', `again: ${failures.join('; ')}`),
}

/** `self`: the member whose note it is. */
export function traceText(note: SwimNote, self: string): TraceText {
  // The table has a function for each kind of note, by its own name.
  const tell = TEXTS[note.what] as (one: SwimNote, name: string) => TraceText
  return tell(note, self)
}

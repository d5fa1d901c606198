// Pools of the built swimnode and Serf's agents, for tests that hold after every step that `serf
// members` of each agent and `swimctl members` of each of ours say the same of everybody.
import * as assert from 'uvu/assert'
import { run } from '../../kit/cli.ts'
import { type Home, openHome } from '../../kit/home.ts'
import { type SwimnodeOptions, type SwimnodeProcess, withSwimnodes } from '../../kit/swimnode.ts'
import { within } from '../../kit/within.ts'
import { loopbackNet, type SerfAgent, startSerf, withStock } from './stock.ts'

/** A member as `serf members -format=json` shows it; ours shows more, which is left out here. */
interface Shown {
  readonly name: string
  readonly addr: string
  readonly port: number
  readonly tags: Readonly<Record<string, string>>
  readonly status: string
  readonly protocol: Readonly<Record<string, number>>
}

export interface Mixed {
  readonly home: Home
  readonly ours: SwimnodeProcess[]
  readonly stock: SerfAgent[]
  ctl(node: SwimnodeProcess, ...words: string[]): Promise<string>
  /** Of who has gone: those do not tell any more. */
  readonly gone: Set<string>
  start(options: SwimnodeOptions): Promise<SwimnodeProcess>
}

export const KEY = Buffer.alloc(32, 3).toString('base64')
export const NEW_KEY = Buffer.alloc(16, 4).toString('base64')

/** Three of ours and three of theirs, joined in every direction. */
export async function withMixed(
  { own = [], flags = [] }: { own?: readonly string[]; flags?: readonly string[] },
  work: (mixed: Mixed) => Promise<void>,
): Promise<void> {
  const ip = loopbackNet()
  const home = await openHome()
  try {
    await withStock((stock) =>
      withSwimnodes(home, async (start) => {
        const node = (n: number, ...args: string[]) =>
          start({
            name: `our-${n}`,
            ip: ip(n),
            args: ['--profile=lan', `--tag=role=ours-${n}`, ...own, ...args],
          })
        const agent = (n: number, ...more: string[]) => {
          const role = `-tag=role=stock-${n}`
          return startSerf(stock, {
            name: `serf-${n}`,
            ip: ip(10 + n),
            flags: [role, ...flags, ...more],
          })
        }
        const echo = 'query:uptime=echo $SERF_SELF_NAME says $(cat)'
        const first = await node(1, `--event-handler=${echo}`)
        const serf1 = await agent(1, `-join=${ip(1)}`)
        const second = await node(2, `--join=${ip(11)}`)
        const serf2 = await agent(2, `-join=${ip(2)}`, `-event-handler=${echo}`)
        const third = await node(3)
        const serf3 = await agent(3)
        const mixed: Mixed = {
          home,
          ours: [first, second, third],
          stock: [serf1, serf2, serf3],
          gone: new Set(),
          start,
          ctl: async (one, ...words) => {
            const line = ['swimctl', ...words, `--node=${one.address}`]
            const ran = await run(home, line, { timeoutMs: 30_000 })
            assert.is(ran.exit, 0, `swimctl ${words.join(' ')}: ${ran.stderr}`)
            return ran.stdout
          },
        }
        // Those who came alone are joined by a command of each side.
        await mixed.ctl(third, 'join', ip(12))
        await serf3.rpc('join', ip(3))
        await agree(mixed, {})
        await work(mixed)
      }),
    )
  } finally {
    await home.close()
  }
}

export const NAMES = ['our-1', 'our-2', 'our-3', 'serf-1', 'serf-2', 'serf-3']

async function membersOf(mixed: Mixed): Promise<string[]> {
  const { ours, stock, gone } = mixed
  const shown = await Promise.all([
    ...stock
      .filter(({ name }) => !gone.has(name))
      .map((agent) => agent.rpc('members', '-format=json')),
    ...ours
      .filter(({ name }) => !gone.has(name))
      .map((node) => mixed.ctl(node, 'members', '--json')),
  ])
  return shown.map((text) => rosterOf(text))
}

/** What both sides show of each member, in one order. */
function rosterOf(text: string): string {
  const { members } = JSON.parse(text) as { members: Shown[] } // what either program prints
  const rows = members.map(({ name, addr, port, tags, status, protocol }) => {
    const shownTags = Object.entries(tags).sort().join(' ')
    const { min, max, version } = protocol
    return `${name} ${addr} ${port} ${status} [${shownTags}] ${min} ${max} ${version}`
  })
  return rows.sort().join('\n')
}

/** Everybody who is there shows the same, tags and versions included; who is not named is alive. */
export async function agree(
  mixed: Mixed,
  others: Readonly<Record<string, string>>,
  names: readonly string[] = NAMES,
): Promise<string> {
  const expected = names.map((name) => `${name} ${others[name] ?? 'alive'}`).join(', ')
  return within(
    30_000,
    async () => {
      const [first = '', ...rest] = await membersOf(mixed)
      const statuses = first.split('\n').map((row) => {
        const [name = '', , , status = ''] = row.split(' ')
        return `${name} ${status}`
      })
      if (statuses.join(', ') !== expected) throw new Error(first)
      const odd = rest.find((roster) => roster !== first)
      if (odd !== undefined) throw new Error(`${first}\n--- differs from\n${odd}`)
      return first
    },
    expected,
  )
}

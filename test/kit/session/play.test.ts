// The player must fail when it should: a page that lies, a command that hangs, a process that
// stays.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { withTemp } from '../tmp.ts'
import { before } from '../within.ts'
import { type Played, type PlayOptions, playPage } from './play.ts'

const player = suite('play')

/** Plays a text as a page; the failure as text, or what was played. */
async function play(text: string, options: PlayOptions = {}): Promise<Played | string> {
  return withTemp(async (dir) => {
    const file = join(dir, 'page.md')
    await writeFile(file, text)
    return before(20_000, () => playPage(file, options), 'the page').catch((error: unknown) =>
      error instanceof Error ? error.message : String(error),
    )
  })
}

const block = (...lines: string[]) => `\`\`\`console\n${lines.join('\n')}\n\`\`\`\n`

async function passes(text: string, options: PlayOptions = {}): Promise<Played> {
  const played = await play(text, options)
  if (typeof played === 'string') throw new Error(played)
  if (played.skipped !== undefined) console.log(`SKIP play: ${played.skipped}`)
  return played
}

async function fails(text: string, reason: RegExp, options: PlayOptions = {}): Promise<void> {
  const played = await play(text, options)
  if (typeof played === 'string') assert.match(played, reason)
  else if (played.skipped === undefined) assert.unreachable(`it passed, expected ${reason}`)
  else console.log(`SKIP play: ${played.skipped}`)
}

player('one shell keeps folder, variables and jobs between commands', async () => {
  await passes(
    block(
      '$ mkdir sub && cd sub',
      '$ x=5',
      '$ echo $x "$(basename "$PWD")"\n5 sub',
      '$ sleep 60 &\n$ kill %1',
    ),
  )
})

player('a wrong line fails, with page, line and both texts', async () => {
  await fails(block('$ echo right\nwrong'), /page\.md:2: \$ echo right\nexpected wrong\s+got right/)
})

player('a missing line fails', async () => {
  await fails(block('$ echo one\none\ntwo'), /expected two\s+got nothing more/)
})

player('a line too many fails', async () => {
  await fails(block('$ printf "one\\ntwo\\n"\none'), /more output than expected: two/)
})

player('a wrong exit code fails, and an expected one passes', async () => {
  await fails(block('$ false'), /exit code 1, expected 0/)
  await passes(`<!-- exit 3 -->\n${block('$ (exit 3)')}`)
  await fails(`<!-- exit 3 -->\n${block('$ true')}`, /exit code 0, expected 3/)
})

player('a hung command fails when its time is up', async () => {
  await fails(block('$ sleep 60'), /still running after 300 ms/, { commandMs: 300 })
})

player('a process that escaped the shell fails the page', async () => {
  const flee = "$ setsid --fork sh -c 'echo >here; exec sleep 1061' >/dev/null 2>&1"
  const page = block(flee, '$ until [ -e here ]; do :; done')
  await fails(page, /left running: .*sleep 1061/, { stopMs: 500 })
})

player('a job that ends when told is no failure', async () => {
  await passes(block('$ sleep 62 &'))
})

player('output of the background counts where it comes', async () => {
  const page = (said: string) =>
    [
      `<!-- background -->\n${block('$ until [ -e go ]; do sleep 0.05; done; echo late')}`,
      block('$ touch go; printf now\nnow', said),
    ].join('')
  await passes(page('late'))
  await fails(page('early'), /expected early\s+got late/, { backgroundMs: 500 })
})

player('output of the background that comes too soon fails', async () => {
  const later = block('$ until [ -e said ]; do sleep 0.05; done', '$ echo now\nnow')
  const page = `<!-- background -->\n${block('$ echo soon; touch said')}${later}`
  await fails(page, /more output than expected: soon/, { backgroundMs: 0 })
})

player('eventually repeats until it matches, and not for ever', async () => {
  const command = '$ echo x >>n; wc -l <n'
  await passes(`<!-- eventually 5s -->\n${block(`${command}\n3`)}`)
  await fails(`<!-- eventually 200ms -->\n${block('$ echo a\nb')}`, /expected b\s+got a/)
})

player('values of the machine go into later commands', async () => {
  await passes(
    `<!-- alias 42 43>42 -->\n${block(
      '$ echo \'{"I": 7}\'\n{"I": 42}\n$ echo \'{"I": 9}\'\n{"I": 43}\n$ echo "a=42&b=43"\na=7&b=9',
    )}`,
  )
})

player('variants play their own blocks only', async () => {
  const preludes = ['a', 'b'].map((v) => `<!-- prelude ${v}\n$ v=${v}\n-->\n`).join('')
  const page = `${preludes}${block('$ echo $v\n[..]')}<!-- only a -->\n${block('$ echo $v\na')}`
  await passes(page, { variant: 'a' })
  const { timings } = await passes(page, { variant: 'b' })
  if (timings.length > 0) assert.is(timings.length, 2)
})

player('each page has a network of its own', async () => {
  const server = 'require("net").createServer().listen(8500, "127.0.0.1", () => console.log("up"))'
  const listen = `$ node -e '${server}' &\n`
  const page = block(`${listen}$ true\nup`)
  await Promise.all([passes(page), passes(page)])
})

player('a quote that is open goes on in the next line', async () => {
  await passes(block("$ printf '%s\\n' 'a\nb'\na\nb"))
  await passes(block("$ echo \"it's\" # don't\nit's"))
})

player('what a page does not tell is not compared, but the exit code is', async () => {
  await passes(`<!-- untold -->\n${block('$ echo more')}`)
  await fails(`<!-- untold -->\n${block('$ false')}`, /exit code 1, expected 0/)
})

player('what is mounted in a page nobody else sees', async () => {
  const page = block(
    '$ echo mine >mine\n$ mount --bind mine /etc/hostname\n$ cat /etc/hostname\nmine',
  )
  await passes(page)
  assert.is.not(await readFile('/etc/hostname', 'utf8'), 'mine\n')
})

player('a tool that is not there skips the page and says so', async () => {
  const played = await play(`<!-- needs no-such-tool -->\n${block('$ false')}`)
  assert.is(typeof played === 'string' ? played : played.skipped, 'no-such-tool is not installed')
})

player('a block may be left out, with its reason', async () => {
  const { leftOut } = await passes(`<!-- skip: too slow -->\n${block('$ false')}`)
  assert.match(leftOut[0] ?? 'too slow', /too slow/)
})

player.run()

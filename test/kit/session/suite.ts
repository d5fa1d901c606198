// Pages as tests: one for each variant that a page's notes name.
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { suite } from 'uvu'
import { before } from '../within.ts'
import { type Page, parsePage } from './document.ts'
import { playPage, timingTable } from './play.ts'

/** The whole page must be over by then; single commands have limits of their own. */
const PAGE_MS = 90_000

/** Declares and runs a suite that plays this page in each of its variants. */
export async function suiteOfPage(file: string): Promise<void> {
  const name = basename(file, '.md')
  const page = suite(`page ${name}`)
  for (const variant of variantsOf(parsePage(await readFile(file, 'utf8')))) {
    const title = variant === undefined ? 'does what it says' : `does what it says (${variant})`
    page(title, async () => {
      const options = variant === undefined ? {} : { variant }
      const played = await before(PAGE_MS, () => playPage(file, options), name)
      if (played.skipped !== undefined) console.log(`\nSKIP ${name}: ${played.skipped}`)
      for (const block of played.leftOut) console.log(`\nSKIP ${name}: ${block}`)
      console.log(`\n${title}\n${timingTable(played)}`)
    })
  }
  page.run()
}

function variantsOf(page: Page): (string | undefined)[] {
  const named = new Set(page.steps.map(({ only }) => only))
  named.delete(undefined)
  return named.size === 0 ? [undefined] : [...named]
}

// Output of which a page shows some paragraphs.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { missingParagraph } from './paragraphs.ts'

const paragraphs = suite('paragraphs')

paragraphs('those that are shown must be there, whole, in any order', () => {
  const output =
    ';; HEAD\n\n;; ANSWER SECTION:\na.\t\t30 IN\tA 1\nb.\t30 IN A 2\n\n;; Query time: 1'
  const problem = (text: string) => missingParagraph(text.split('\n'), output)
  assert.is(problem(';; ANSWER SECTION:\nb. 30 IN A 2\na. 30 IN A 1'), undefined)
  assert.match(problem(';; ANSWER SECTION:\na. 30 IN A 1') ?? '', /expected a. 30 IN A 1\n/)
  assert.match(problem(';; ADDITIONAL SECTION:') ?? '', /no paragraph ;; ADDITIONAL SECTION:/)
})

paragraphs.run()

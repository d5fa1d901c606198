// Session 6 of the founding text, word for word: with a development agent, and with a durable one
// that is killed in the middle.
import { inProject } from '../kit/paths.ts'
import { suiteOfPage } from '../kit/session/suite.ts'

await suiteOfPage(inProject('test/sessions/06-kv.md'))

// Session 7 of the founding text, word for word, with a development agent and with a durable one.
import { inProject } from '../kit/paths.ts'
import { suiteOfPage } from '../kit/session/suite.ts'

await suiteOfPage(inProject('test/sessions/07-locks.md'))

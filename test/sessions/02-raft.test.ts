// Session 2 of the founding text, word for word.
import { inProject } from '../kit/paths.ts'
import { suiteOfPage } from '../kit/session/suite.ts'

await suiteOfPage(inProject('test/sessions/02-raft.md'))

// Session 1 of the founding text, word for word.
import { inProject } from '../kit/paths.ts'
import { suiteOfPage } from '../kit/session/suite.ts'

await suiteOfPage(inProject('test/sessions/01-replication.md'))

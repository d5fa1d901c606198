// Session 3 of the founding text.
import { inProject } from '../kit/paths.ts'
import { suiteOfPage } from '../kit/session/suite.ts'

await suiteOfPage(inProject('test/sessions/03-gossip.md'))

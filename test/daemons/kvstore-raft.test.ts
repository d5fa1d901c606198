// kvstore --engine=raft with three processes, which are killed.
import { inProject } from '../kit/paths.ts'
import { suiteOfPage } from '../kit/session/suite.ts'

await suiteOfPage(inProject('test/daemons/kvstore-raft.md'))

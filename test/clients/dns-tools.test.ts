// dig and kdig read what the agent answers.
import { inProject } from '../kit/paths.ts'
import { suiteOfPage } from '../kit/session/suite.ts'

await suiteOfPage(inProject('test/clients/dns-tools.md'))

// unbound and dnsmasq forward consul. to the agent.
import { inProject } from '../kit/paths.ts'
import { suiteOfPage } from '../kit/session/suite.ts'

await suiteOfPage(inProject('test/clients/forwarding.md'))

// HAProxy follows instances as they come and go.
import { inProject } from '../kit/paths.ts'
import { suiteOfPage } from '../kit/session/suite.ts'

await suiteOfPage(inProject('test/clients/haproxy.md'))

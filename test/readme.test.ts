// The README's tour: a command that is printed there is run here.
import { inProject } from './kit/paths.ts'
import { suiteOfPage } from './kit/session/suite.ts'

await suiteOfPage(inProject('README.md'))

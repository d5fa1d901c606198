import { suite } from 'uvu'
import { holdGenerated } from '../../kit/grammar.ts'

const generated = suite('hcl.generated.ts')

generated('is what the grammar gives', () => holdGenerated('core/config', 'hcl'))

generated.run()

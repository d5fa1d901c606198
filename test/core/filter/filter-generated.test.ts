import { suite } from 'uvu'
import { holdGenerated } from '../../kit/grammar.ts'

const generated = suite('filter.generated.ts')

generated('is what the grammar gives', () => holdGenerated('core/filter', 'filter'))

generated.run()

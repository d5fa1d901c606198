// Properties by fast-check, always from the same seed: who looks at a change sees what everybody
// sees. `SEED=n` looks elsewhere.
import fc from 'fast-check'

const FIRST_SEED = 20_261

fc.configureGlobal({ seed: Number(process.env['SEED'] ?? FIRST_SEED) })

export { fc }

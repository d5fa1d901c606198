// Faults on demand, loaded into an agent before it starts: what the program does with them is what
// the test looks at.
import { DiskFailure } from '../../daemons/runtime/disk-errors.ts'

process.on('SIGUSR2', () => {
  throw new Error('planted bug')
})
process.on('SIGVTALRM', () => {
  void Promise.reject(new DiskFailure('fdatasync', '/data/wal', new Error('planted fault')))
})

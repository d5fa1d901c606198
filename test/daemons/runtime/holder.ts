// A process that opens a data folder, says so, and holds it until it is killed: `holder DIR`.
// Refused, it says why.
import { randomUUID } from 'node:crypto'
import { openDataDir } from '../../../daemons/runtime/data-dir.ts'
import { DataDirRefused } from '../../../daemons/runtime/disk-errors.ts'

const dir = process.argv[2] ?? ''
try {
  await openDataDir({
    dir,
    nodeId: undefined,
    newNodeId: randomUUID,
    log: () => undefined,
    segmentBytes: 64 << 10,
  })
  console.log(`held by ${process.pid}`)
  setInterval(() => undefined, 1 << 30)
} catch (error) {
  if (!(error instanceof DataDirRefused)) throw error
  console.log(`refused: ${error.message}`)
  process.exitCode = error.exit
}

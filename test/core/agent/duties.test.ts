// Duties come round again until they are done.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  createSnapshotDuty,
  createTombstoneDuty,
  dueTombstones,
  forgetReaped,
  isSnapshotDue,
  noteRefused,
  noteTombstones,
} from '../../../core/agent/duties.ts'
import { logIndex } from '../../../core/ids.ts'

const duties = suite('agent/duties')

const MINUTE_MS = 60_000

duties('a reaping that was refused or lost is proposed again, and no more when it is done', () => {
  const duty = createTombstoneDuty()
  noteTombstones(duty, logIndex(5), 0)
  noteTombstones(duty, logIndex(9), 10 * MINUTE_MS)
  assert.is(dueTombstones(duty, 14 * MINUTE_MS), undefined)
  assert.is(dueTombstones(duty, 16 * MINUTE_MS), 5)
  assert.is(dueTombstones(duty, 16 * MINUTE_MS + 20), undefined, 'it is on its way')
  assert.is(dueTombstones(duty, 17 * MINUTE_MS), 5)
  assert.is(dueTombstones(duty, 26 * MINUTE_MS), 9, 'later ones go along')
  forgetReaped(duty, 5)
  assert.is(dueTombstones(duty, 27 * MINUTE_MS), 9)
  forgetReaped(duty, 9)
  assert.is(dueTombstones(duty, 90 * MINUTE_MS), undefined)
})

duties('a log that is shorter than the last snapshot is no reason for the next', () => {
  const duty = { ...createSnapshotDuty(0), lastBytes: 1_000 }
  const isDue = (changed: Partial<typeof duty>, now = 0) =>
    isSnapshotDue({ ...duty, ...changed }, { entriesMax: 10, now })
  assert.not(isDue({ entries: 20, bytes: 999 }))
  assert.ok(isDue({ entries: 20, bytes: 1_000 }))
  assert.not(isDue({ entries: 9, bytes: 1_000 }), 'few entries')
  assert.ok(isDue({ entries: 1, bytes: 64 << 20 }), 'but large ones')
})

duties('soon after a snapshot only many bytes are a reason for another', () => {
  const duty = { ...createSnapshotDuty(30_000), entries: 20 }
  const rule = { entriesMax: 10, now: 29_999 }
  assert.not(isSnapshotDue(duty, rule))
  assert.ok(isSnapshotDue({ ...duty, bytes: 64 << 20 }, rule))
  assert.ok(isSnapshotDue(duty, { ...rule, now: 30_000 }))
})

duties('a snapshot that found no room is tried again, but not at once', () => {
  const duty = { ...createSnapshotDuty(0), entries: 1 }
  noteRefused(duty, 1_000)
  assert.not(isSnapshotDue(duty, { entriesMax: 10, now: 30_999 }))
  assert.ok(isSnapshotDue(duty, { entriesMax: 10, now: 31_000 }))
})

duties.run()

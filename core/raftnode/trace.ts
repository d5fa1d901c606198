// A transition of a server in the words of the papers, for people who watch an election.
import { unreachable } from '../assert.ts'
import type { RaftNote } from '../raft/raft.ts'

export function noteText(note: RaftNote): string {
  switch (note.what) {
    case 'became':
      return note.role === 'candidate'
        ? `CANDIDATE ${note.phase}, term ${note.term}`
        : `${note.role.toUpperCase()} term ${note.term}`
    case 'leader':
      return `leader is ${note.id}, term ${note.term}`
    case 'voted':
      return `vote for ${note.for}, term ${note.term}`
    case 'refused-vote':
      return `no vote for ${note.to}: ${note.why}`
    case 'commit':
      return `commit ${note.index}`
    case 'truncated':
      return `cut from ${note.from}`
    case 'configuration':
      return `servers ${note.servers.map(shortServer).join(' ')}`
    case 'snapshot':
      return `snapshot to ${note.index}`
    case 'stepped-down':
      return `steps down: ${note.why}`
    case 'disk-full':
      return 'disk is full'
    case 'disk-has-room':
      return 'disk has room'
    case 'quarantine-over':
      return `complete again at ${note.index}`
    default:
      return unreachable(note)
  }
}

/** `1:voter` and `4:nonvoter` as `1` and `(4)`. */
function shortServer(server: string): string {
  const [id = '', suffrage] = server.split(':')
  return suffrage === 'voter' ? id : `(${id})`
}

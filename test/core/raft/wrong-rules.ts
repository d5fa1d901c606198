// Rules made wrong, one at a time, beside the mutants of test/sim/mutants: together they must kill
// every transcript, or that transcript shows nothing. See kills.ts.
export interface WrongRule {
  readonly id: string
  readonly what: string
  readonly patches: readonly { readonly file: string; readonly from: string; readonly to: string }[]
}

const rule = (id: string, what: string, ...patch: readonly [string, string, string]): WrongRule => {
  const [file, from, to] = patch
  return { id, what, patches: [{ file: `core/raft/${file}.ts`, from, to }] }
}

export const WRONG_RULES: readonly WrongRule[] = [
  rule(
    'W01',
    'a cluster may begin again',
    'membership',
    'if (!isBlank) return',
    'if (false) return',
  ),
  rule('W02', 'entries are handed out twice', 'server', '  raft.delivered = commit\n', ''),
  rule(
    'W03',
    'an append may leave a gap before it',
    'follower',
    'return termAt(log, prevIndex) === prevTerm',
    'return (termAt(log, prevIndex) ?? prevTerm) === prevTerm',
  ),
  rule(
    'W04',
    'a leader of an older term is followed, in the term that we have',
    'follower',
    '  if (term < raft.vote.term) return false\n  if (term === raft.vote.term) {',
    '  if (term === raft.vote.term) {',
  ),
  rule(
    'W05',
    'a follower takes no commit index',
    'follower',
    '  advanceCommit(raft, logIndex(Math.min(commit, proven)))\n',
    '',
  ),
  rule(
    'W06',
    'a heartbeat proves the log',
    'follower',
    '  const success = acceptLeader(raft, from, term)',
    '  advanceCommit(raft, lastIndex(raft.log))\n  const success = acceptLeader(raft, from, term)',
  ),
  rule(
    'W07',
    'a leader that is heard does not wind up the timer',
    'follower',
    '  restartTimer(raft)\n}\n\nfunction restartTimer',
    '}\n\nfunction restartTimer',
  ),
  rule(
    'W08',
    'what is found on the disk is forgotten',
    'log',
    '  if (!isVoid)\n    append(',
    '  if (isVoid)\n    append(',
  ),
  rule(
    'W09',
    'the commit index may fall',
    'raft',
    '  if (index <= raft.commit) return\n',
    '  if (index === raft.commit || index === 0) return\n',
  ),
  rule(
    'W10',
    'what a leader sends is taken unseen',
    'follower',
    'if (isSound(raft, request) && hasRoom(raft, request)) return undefined',
    'if (hasRoom(raft, request)) return undefined',
  ),
  rule(
    'W11',
    'a hint makes a follower campaign that has no leader',
    'server',
    "  if (role.type === 'follower' && raft.leader !== undefined) {",
    "  if (role.type === 'follower') {\n    raft.leader ??= raft.self",
  ),
  rule(
    'W12',
    'a log from before its snapshot is not recognised',
    'log',
    '  const isVoid = contradicts(base, found)\n',
    '  const isVoid = false && contradicts(base, found)\n',
  ),
  rule(
    'W13',
    'the disk is not told that its log is void',
    'log',
    '  if (disk.isVoid) return { restartBehind: handedOver }\n',
    '  if (disk.isVoid) return {}\n',
  ),
  rule(
    'W14',
    'a snapshot takes all of the log with it',
    'log',
    '  if (termAt(log, snapshot.index) === snapshot.term) {',
    '  if (termAt(log, snapshot.index) === snapshot.term && false) {',
  ),
  rule(
    'W15',
    'a snapshot takes back what was committed meanwhile',
    'follower',
    '  if (snapshot.index <= raft.commit) return false\n',
    '',
  ),
  rule(
    'W16',
    'a snapshot that could not be written is confirmed',
    'server',
    '  refuseInstall(raft, id)\n',
    '  confirmInstall(raft, id, raft.snapshot ?? { ...raft.history[0], index: 0 })\n',
  ),
  rule(
    'W17',
    'the configuration in a snapshot is ignored',
    'follower',
    '    { index: snapshot.configurationIndex, configuration: snapshot.configuration },\n',
    '    { index: snapshot.configurationIndex, ...raft.history.at(-1) },\n',
  ),
  rule(
    'W18',
    'a snapshot on the disk is forgotten at the start',
    'raft',
    'const base = { index: snapshot?.index ?? logIndex(0), term: snapshot?.term ?? term(0) }',
    'const base = { index: logIndex(0), term: term(0) }',
  ),
  rule(
    'W19',
    'a snapshot takes the place of the log before it is durable',
    'follower',
    "  else raft.effects.push({ type: 'install', id, snapshot })\n",
    "  if (takeSnapshot(raft, snapshot)) raft.effects.push({ type: 'install', id, snapshot })\n",
  ),
  rule(
    'W20',
    'a follower that has matched is probed from the end of the log again',
    'progress',
    'progress.next = logIndex(Math.max(next, progress.match + 1))',
    'progress.next = logIndex(progress.next)',
  ),
  rule(
    'W21',
    'a snapshot is written though it is not needed',
    'follower',
    '  else if (snapshot.index <= raft.commit) confirmInstall(raft, id, snapshot)\n',
    '',
  ),
  rule(
    'W22',
    'who has no vote in the configuration in force does not campaign, agreed on or not',
    'raft',
    'history.some(({ configuration }) => isVoter(configuration, self.id))',
    'history.slice(-1).some(({ configuration }) => isVoter(configuration, self.id))',
  ),
  rule(
    'W23',
    'who was removed is let go before it knows that this is agreed on',
    'leader',
    'const isTold = Math.min(match, commitTold) >= latest(raft).index',
    'const isTold = match >= latest(raft).index',
  ),
  rule(
    'W24',
    'an answer counts that was given before the server was removed',
    'leader',
    '  for (const [number, { to }] of raft.calls) if (to.id === id) raft.calls.delete(number)\n',
    '',
  ),
  rule(
    'W25',
    'a server that is added again at once is taken for as far as it was',
    'leader',
    'else if (progress.leavesAt !== undefined) letGo(raft, followers, id) // and it begins anew',
    'else progress.leavesAt = undefined',
  ),
]

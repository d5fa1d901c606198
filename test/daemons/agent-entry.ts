// Runs an agent as the program of its own that it is, without the commands around it.
import { runAgent } from '../../daemons/agent.ts'

const { AGENT_PROFILE, AGENT_READY_FD, AGENT_SOCKET } = process.env
process.exitCode = await runAgent({
  program: AGENT_PROFILE === 'consul' ? 'consul' : 'lictor',
  profile: AGENT_PROFILE === 'consul' ? 'consul' : 'lictor',
  argv: process.argv.slice(2),
  env: process.env,
  readyFd: AGENT_READY_FD === undefined ? undefined : Number(AGENT_READY_FD),
  socket: AGENT_SOCKET,
})

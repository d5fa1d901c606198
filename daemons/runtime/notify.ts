// Tells whoever started the daemon that it is ready, or that it stops: systemd and its like by a
// datagram to NOTIFY_SOCKET (sd_notify(3)), supervisors of the s6 kind by a line on a file
// descriptor.
//
// Node has no Unix datagrams, so the message is sent by a child. `systemd-notify` is there wherever
// systemd is; where it is not (a container that was told to wait), perl is. The unit needs
// NotifyAccess=all, because the child has another pid.
import { execFile } from 'node:child_process'
import { closeSync, writeSync } from 'node:fs'

/** A child that has not sent its message by then is given up. */
const SEND_MS = 6_000

/**
 * Sends the datagram in one line of perl; a name that begins with @ is in the abstract namespace.
 */
const PERL = [
  'use Socket;',
  'my ($to, $text) = @ARGV; $to =~ s/^@/\\0/;',
  'socket(S, AF_UNIX, SOCK_DGRAM, 0) and send(S, $text, 0, pack_sockaddr_un($to)) or die $!;',
].join(' ')

export type Notice = 'ready' | 'stopping' | 'reloading'

const TEXT: Readonly<Record<Notice, string>> = {
  ready: 'READY=1',
  stopping: 'STOPPING=1',
  reloading: 'RELOADING=1',
}

/** Resolves with what went wrong; undefined: sent, or nobody waits for it. */
export async function notifySupervisor(
  notice: Notice,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const { NOTIFY_SOCKET: socket } = env
  if (!socket) return undefined
  const text = TEXT[notice]
  const first = await send(['systemd-notify', `--pid=${process.pid}`, text], env)
  if (first === undefined) return undefined
  const second = await send(['perl', '-e', PERL, socket, text], env)
  return second === undefined ? undefined : `${first}; ${second}`
}

function send(
  [file = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(file, args, { env, timeout: SEND_MS }, (error) => {
      resolve(error === null ? undefined : `${file}: ${error.message.trim()}`)
    })
  })
}

/**
 * One line on a descriptor that the starter has opened for it (`--ready-fd`); closed afterwards.
 */
export function notifyDescriptor(fd: number, line: string): void {
  writeSync(fd, `${line}\n`)
  closeSync(fd)
}

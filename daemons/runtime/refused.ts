// What a daemon was told and cannot do: a path, an owner, a header. Said to the user, and no bug.

export class StartRefused extends Error {
  override readonly name = 'StartRefused'
}

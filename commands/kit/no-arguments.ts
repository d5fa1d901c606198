// Consul's complaint of commands that take no words.

export const noArguments = (args: readonly string[]): string | undefined =>
  args.length === 0 ? undefined : `Too many arguments (expected 0, got ${args.length})`

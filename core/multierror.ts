// Several complaints as Go's multierror lists them: clients of Consul know the layout.

/** Ends with an empty line. */
export function multierror(errors: readonly string[]): string {
  const count = errors.length === 1 ? '1 error' : `${errors.length} errors`
  return `${count} occurred:\n${errors.map((error) => `\t* ${error}\n`).join('')}\n`
}

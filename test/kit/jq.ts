// What people pipe our output into. A test that reads JSON through the real jq sees what they see.
import { execa } from 'execa'
import { patient } from './within.ts'

/** The output of `jq FILTER` over this input. Throws what jq says where it is no JSON. */
export async function jq(input: string, filter: string): Promise<string> {
  const { stdout } = await execa('jq', ['--compact-output', '--raw-output', filter], {
    input,
    timeout: patient(10_000),
  })
  return stdout
}

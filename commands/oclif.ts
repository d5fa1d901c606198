// oclif's entry (package.json: oclif.commands): the table of classes, made from the declarations.
import { classes } from './kit/oclif.ts'
import { TABLE } from './table.ts'

export const COMMANDS = await classes(TABLE)

import { freshWorlds } from './worlds.ts'

freshWorlds(7)

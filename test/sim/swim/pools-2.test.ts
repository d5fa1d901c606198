import { seeds } from './seeds.ts'

seeds(251, 250)

import { seeds } from './seeds.ts'

seeds(501, 250)

import { seeds } from './seeds.ts'

seeds(1501, 250)

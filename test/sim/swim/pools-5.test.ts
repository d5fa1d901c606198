import { seeds } from './seeds.ts'

seeds(1001, 250)

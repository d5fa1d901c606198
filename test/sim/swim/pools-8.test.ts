import { seeds } from './seeds.ts'

seeds(1751, 250)

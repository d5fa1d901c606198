import { seeds } from './seeds.ts'

seeds(751, 250)

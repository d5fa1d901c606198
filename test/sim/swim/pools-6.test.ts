import { seeds } from './seeds.ts'

seeds(1251, 250)

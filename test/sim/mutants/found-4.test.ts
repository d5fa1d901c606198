import { findMutants } from './found.ts'

findMutants(3)

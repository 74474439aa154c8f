// What the package offers without a browser and without a database. See ../README.md.
export * from './words';
export * from './ports';
export { canonical, same, assertSyncable, NotSyncable } from './canonical';
export { assigns, defineKinds, defineOperations, inserts, settlesConflict, waits } from './definitions';
export type { Definitions, Done, KindDefinition, Kinds, OperationDefinition, Operations } from './definitions';
export { hexOf, instant, keyOf, recordOf, sha256, uuid7 } from './ids';
export { openLocal, systemTimers, WouldLose } from './local';
export type { Local, LocalPorts } from './local';
export type { Draft, Drafts } from './drafts';
export type { FileMeta, Files } from './files';
export type { Need, Stuck } from './needs';
export type { Performed, Performing } from './outbox';
export { Unsendable } from './outbox';
export { plainSeal, SealedShut } from './seal';
export { systemClock } from './clock';
export type { Counts, EngineState, Status } from './status';
export type { Engine } from './engine';

// The engine's face: what screens see of the half that sends and fetches.
import type { Live } from './ports';
import type { EngineState, Status } from './status';

export interface Engine {
  /** Begins to want the lead of this device. */
  start(): void;
  /** Lets go of the lead; a running exchange is given up, nothing is lost by it. */
  stop(): Promise<void>;
  /** Sync soon: after a save, a sign-in, a pull to refresh. */
  nudge(): void;
  state(): EngineState;
  /** Counts and engine state together, for the one honest line. */
  status(): Live<Status>;
}

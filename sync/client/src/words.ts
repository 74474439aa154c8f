// The words of the library as types: values, records, operations, receipts and what is stored of each.
// Everything else imports from here; nothing here runs.

/** A value that travels: JSON without floats (see canonical.ts). */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The fields of a record, without kind, id and rev. */
export type Fields = { [field: string]: Json };

/** Names one record. */
export interface RecordRef {
  kind: string;
  id: string;
}

/**
 * What the person did, as it travels but for its seq (M-08); the seq is given by where it stands in the outbox, so that
 * it can be numbered anew (M-17) without changing its content (M-11). What is not known is left out.
 */
export interface Operation {
  op_id: string;
  type: string;
  v: number;
  record: RecordRef;
  base_rev?: number;
  base?: Fields;
  args: Fields;
  occurred_at: string;
  mono_ms?: number;
  clock?: ClockReading;
  files?: string[];
  mends?: string;
}

/** How far the device's clock stood from the server's at the last contact. */
export interface ClockReading {
  offset_ms: number;
  rtt_ms: number;
  age_s: number;
}

/** A row as the server sent it. */
export interface ServerRow extends RecordRef {
  rev: number;
  fields: Fields;
}

/** What a screen sees: base + overlay, with what is known about each field. */
export interface View<F extends object = Fields> extends RecordRef {
  /** 0 while the server does not know the record. */
  rev: number;
  fields: F;
  marks: Marks;
  /** True while the server's scope no longer holds the row, but unsent work hangs on it. */
  is_detached: boolean;
}

/** Field names per mark. A field may stand in several. */
export interface Marks {
  /** Changed here, not acknowledged yet. */
  unsent: string[];
  /** An open conflict record names this field. */
  conflicting: string[];
  /** The operation that changed it was refused, or waits for one that was. */
  stuck: string[];
}

/** The fate of an operation, as the server says it. */
export type ResultStatus =
  | 'applied' | 'merged' | 'conflict' | 'rejected' | 'blocked' | 'parked' | 'unsupported_version' | 'void' | 'retry';

/** One line of the answer to a push (M-25). */
export interface Receipt {
  seq: number;
  op_id: string | null;
  status: ResultStatus;
  rev?: number | null;
  problem?: Fields | null;
  conflict_id?: string | null;
  stuck_id?: string | null;
  blocked_by?: string | null;
}

/** Something sealed: the id of the key, and the box. With key "plain" the box is the value itself. */
export interface Sealed {
  key: string;
  box: Json | ArrayBuffer;
}

/** A base row, written by the pull alone. */
export interface StoredRow {
  /** kind/id */
  key: string;
  kind: string;
  id: string;
  rev: number;
  /** kind/index/value, a few clear index keys */
  keys: string[];
  /** the buckets that hold it; none and `detached` while unsent work hangs on it */
  buckets: string[];
  detached: 0 | 1;
  sealed: Sealed;
}

export type OverlayState = 'unsent' | 'acked';

/** What a not yet pulled operation does to what is shown. Sealed under the person's key. */
export interface StoredOverlay {
  seq: number;
  op_id: string;
  /** kind/id of its own record */
  record: string;
  /** every kind and every kind/id that the operation changes on the screen */
  touches: string[];
  state: OverlayState;
  /** the receipt's feed_head; the entry goes when the pull has passed it */
  feed_head: number | null;
  sealed: Sealed;
}

/** A value being typed, with the base value seen at focus. */
export interface StoredDraft {
  /** kind/id/field */
  key: string;
  /** kind/id */
  record: string;
  field: string;
  touched_at: number;
  /** 1: already made into an operation while the field was still in focus; kept for its base only */
  is_clean: 0 | 1;
  /** {value, base, origin}: origin is the base that the screen goes on naming */
  sealed: Sealed;
}

export type OutboxState = 'new' | 'tried' | 'acked';

/** The transport copy of an operation. Sealed under the device's key, which needs no PIN. */
export interface StoredOperation {
  seq: number;
  op_id: string;
  /** kind/id */
  record: string;
  type: string;
  state: OutboxState;
  stored_at: number;
  acked_at: number | null;
  bytes: number;
  files: string[];
  status: ResultStatus | null;
  /** link(seq) of M-63; laid when it is first tried */
  link: string | null;
  sealed: Sealed;
}

/** An operation that the server could not apply: whole, with the reason. */
export interface StoredStuck {
  op_id: string;
  seq: number;
  record: string;
  type: string;
  /** `void`: too large or unreadable for the server, which has the number only (M-21) */
  status: ResultStatus;
  since: number;
  /** {operation, problem, blocked_by} */
  sealed: Sealed;
}

export type FileState = 'waiting' | 'sending' | 'sent' | 'stored' | 'refused' | 'erased';

/** A file whose bytes are (or were) on this device. */
export interface StoredFile {
  sha256: string;
  size_bytes: number;
  content_type: string;
  /** smaller goes first: 0 what was signed · 1 signature · 2 photo */
  order: number;
  taken_at: string | null;
  stored_at: number;
  state: FileState;
  /** bytes the server is known to hold */
  offset: number;
  /** operations that name it */
  references: number;
  /** how many pulls were complete when the server had all bytes; from the next one on they count as sent */
  sent_at_pull: number | null;
  /** 1 while the bytes are on this device */
  is_here: 0 | 1;
  problem: Fields | null;
}

export interface StoredBytes {
  sha256: string;
  bytes: ArrayBuffer;
}

export interface StoredMeta {
  name: string;
  value: unknown;
}

/** Table name → what it holds. */
export interface Tables {
  rows: StoredRow;
  shadow: StoredRow;
  overlay: StoredOverlay;
  drafts: StoredDraft;
  outbox: StoredOperation;
  stuck: StoredStuck;
  files: StoredFile;
  bytes: StoredBytes;
  meta: StoredMeta;
}

export type TableName = keyof Tables;

import { PbfReader } from 'pbf';

/** One field of a protobuf message: a number for varints, the bytes for everything else. */
export interface ProtobufField {
  /** The field's number in its message. */
  readonly tag: number;
  /** A varint (unsigned, negative int32 and int64 as negative numbers) or the field's bytes. */
  readonly value: number | Uint8Array;
}

/**
 * The fields of a protobuf message in order. pbf itself reads on past the end of a message; here each field must end
 * within it, which is checked before anything is allocated.
 *
 * @throws RangeError with `where` in front
 */
export function* protobufFields(where: string, message: Uint8Array): Generator<ProtobufField> {
  const reader = new PbfReader(message);
  while (reader.pos < message.length) {
    const key = varint(where, reader);
    const [tag, wireType] = [Math.floor(key / 8), key % 8];
    if (key < 8) throw new RangeError(`${where}: a field number must be at least 1, got ${tag} at byte ${reader.pos}`);
    if (wireType === 0) {
      yield { tag, value: varint(where, reader) };
      continue;
    }
    const length = wireType === 2 ? varint(where, reader) : wireType === 5 ? 4 : wireType === 1 ? 8 : NaN;
    if (Number.isNaN(length)) throw new RangeError(`${where}: field ${tag} must have wire type 0, 1, 2 or 5, got ${wireType}`);
    if (length < 0 || length > message.length - reader.pos) {
      throw new RangeError(`${where}: field ${tag} must lie within the message's ${message.length} bytes, got ${length} bytes at byte ${reader.pos}`);
    }
    yield { tag, value: message.subarray(reader.pos, reader.pos + length) };
    reader.pos += length;
  }
}

/** The numbers of a repeated varint field, packed or one by one. */
export function varints(where: string, { value }: ProtobufField): number[] {
  if (typeof value === 'number') return [value];
  const reader = new PbfReader(value);
  const numbers: number[] = [];
  while (reader.pos < value.length) numbers.push(varint(where, reader));
  return numbers;
}

/** The field's bytes, or an error if it is a varint. */
export function bytesOf(where: string, { tag, value }: ProtobufField): Uint8Array {
  if (typeof value === 'number') throw new RangeError(`${where}: field ${tag} must be bytes, got the varint ${value}`);
  return value;
}

/** The field's number, or an error if it is bytes. */
export function numberOf(where: string, { tag, value }: ProtobufField): number {
  if (typeof value !== 'number') throw new RangeError(`${where}: field ${tag} must be a varint, got ${value.length} bytes`);
  return value;
}

/** The field's text, strictly UTF-8. */
export function textOf(where: string, field: ProtobufField): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(where, field));
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new RangeError(`${where}: field ${field.tag} must be valid UTF-8`, { cause: error });
  }
}

function varint(where: string, reader: PbfReader): number {
  const start = reader.pos;
  let value: number;
  try {
    value = reader.readVarint(true);
  } catch (error) {
    throw new RangeError(`${where}: a varint must have at most 10 bytes, got more at byte ${start}`, { cause: error });
  }
  if (reader.pos > reader.length) throw new RangeError(`${where}: a varint must lie within the message's ${reader.length} bytes, got one at byte ${start}`);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${where}: a varint must be a safe integer, got ${value} at byte ${start}`);
  return value;
}

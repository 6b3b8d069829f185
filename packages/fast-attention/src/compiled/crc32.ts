/** x^32 + x^26 + ... + 1 of ISO 3309, bits reversed, applied to each byte. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xed_b8_83_20 : value >>> 1;
  return value;
});

/**
 * CRC-32 (ISO 3309, as in gzip): tells every change of at most 32 bits in a row, and any other with probability 1 - 2^-32. Against
 * accident; whoever changes a file on purpose can change it too.
 */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xff_ff_ff_ff;
  for (const byte of bytes) crc = table[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return (crc ^ 0xff_ff_ff_ff) >>> 0;
}

/** What Unicode has given out since version 15, which is Go's. */

const RANGES: readonly (readonly [number, number])[] = [
  "088f 0897 0c5c 0cdc 1acf-1add 1ae0-1aeb 1b4e-1b4f 1b7f 1c89-1c8a 20c1 2427-2429 2b96 2ffc-2fff",
  "31e4-31e5 31ef a7cb-a7cf a7d2 a7d4 a7da-a7dc a7f1 fbc3-fbd2 fd90-fd91 fdc8-fdce 105c0-105f3",
  "10940-10959 10d40-10d65 10d69-10d85 10d8e-10d8f 10ec2-10ec7 10ed0-10ed8 10efa-10efc 11380-113e2",
  "116d0-116e3 11b60-11b67 11bc0-11bf9 11db0-11de9 11f5a 13460-143fa 16100-16139 16d40-16d79",
  "16ea0-16ed3 16ff2-16ff6 187f8-187ff 18cff 18d09-18d1e 18d80-18df2 1cc00-1cef0 1e5d0-1e5ff",
  "1e6c0-1e6ff 1f6d8 1f777-1f77a 1f8b2-1f8d8 1fa54-1fa57 1fa89-1fa8a 1fa8e-1fa8f 1fabe 1fac6 1fac8",
  "1facd 1fadc 1fadf 1fae9-1faea 1faef 1fbcb-1fbef 1fbfa 2b73a-2b73f 2cea2-2cead 2ebf0-2ee5d",
  "323b0-33479",
].flatMap((line) =>
  line.split(" ").map((range): readonly [number, number] => {
    const [first = "", last = first] = range.split("-");
    return [Number.parseInt(first, 16), Number.parseInt(last, 16)];
  }),
);

/** Whether Go does not know this character yet. */
export function isNewer(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x88f) return false;
  let low = 0;
  let high = RANGES.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [first, last] = RANGES[middle] as readonly [number, number];
    if (code < first) high = middle - 1;
    else if (code > last) low = middle + 1;
    else return true;
  }
  return false;
}

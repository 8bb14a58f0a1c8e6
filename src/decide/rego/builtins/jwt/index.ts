/** JSON Web Tokens (RFC 7519), the built-ins `io.jwt.*`. */
import type { Implementations } from "../builtin.ts";
import { reading } from "../data-error.ts";
import { decode, decodeVerify } from "./decode.ts";
import { encodeSign, encodeSignRaw } from "./encode.ts";
import { VERIFIERS } from "./verify.ts";

export const JWT: Implementations = {
  ...VERIFIERS,
  "io.jwt.decode": reading("io.jwt.decode", decode),
  "io.jwt.decode_verify": reading("io.jwt.decode_verify", decodeVerify),
  "io.jwt.encode_sign": reading("io.jwt.encode_sign", encodeSign),
  "io.jwt.encode_sign_raw": reading("io.jwt.encode_sign_raw", encodeSignRaw),
};

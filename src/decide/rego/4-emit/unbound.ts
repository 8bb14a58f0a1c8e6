/** A variable would be read before anything binds it. */
export class UnboundError extends Error {}

/** The shapes of the login host's JSON API, shared with its pages. Times are milliseconds since the Unix epoch. */

/** `POST /enrol/open` with the token from the link's fragment. The first browser that posts it is bound to it by a cookie. */
export interface OpenEnrolment {
  readonly token: string;
}
export interface EnrolmentOpened {
  readonly kind: "setup" | "invite";
  /** An invited person's login name; the first administrator chooses one. */
  readonly name?: string;
  readonly displayName?: string;
  readonly expiresAt: number;
}

/** `POST /enrol/options`: answers WebAuthn creation options (`PublicKeyCredentialCreationOptionsJSON`). */
export interface EnrolmentOptions {
  readonly name: string;
  readonly displayName: string;
}

/** `POST /enrol/verify` and `POST /interaction/:uid/verify` with the authenticator's response. */
export interface VerifyPasskey {
  /** `RegistrationResponseJSON` or `AuthenticationResponseJSON`. */
  readonly response: unknown;
}
/** Where the page goes next. */
export interface Verified {
  readonly next: string;
}

/** `GET /me` at the login host: the person's own page. */
export interface MyAccess {
  readonly displayName: string;
  readonly name: string;
  readonly role: string;
  readonly signedInAt: number;
  readonly applications: readonly {
    readonly title: string;
    readonly url: string;
    readonly description?: string;
  }[];
  /** Present for administrators. */
  readonly consoleUrl?: string;
}

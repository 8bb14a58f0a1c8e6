import {
  type DatabaseConnection,
  type Driver,
  PostgresDialect,
  type PostgresDialectConfig,
  type TransactionSettings,
} from "kysely";
import { explained } from "./postgres-errors.ts";

/** Kysely's own dialect, with errors of the driver said in ours: whoever reads or writes sees `state.unreachable`. */
export class ExplainingPostgresDialect extends PostgresDialect {
  readonly #where: string;
  constructor(config: PostgresDialectConfig, where: string) {
    super(config);
    this.#where = where;
  }
  override createDriver(): Driver {
    return new ExplainingDriver(super.createDriver(), this.#where);
  }
}

class ExplainingDriver implements Driver {
  readonly #driver: Driver;
  readonly #where: string;
  /** The connection that the platform's driver gave, by ours. */
  readonly #inner = new WeakMap<DatabaseConnection, DatabaseConnection>();
  constructor(driver: Driver, where: string) {
    this.#driver = driver;
    this.#where = where;
  }
  async init(): Promise<void> {
    await this.#said(async () => await this.#driver.init());
  }
  async acquireConnection(): Promise<DatabaseConnection> {
    const inner = await this.#said(async () => await this.#driver.acquireConnection());
    const where = this.#where;
    const outer: DatabaseConnection = {
      async executeQuery(query) {
        try {
          return await inner.executeQuery(query);
        } catch (error) {
          throw explained(error, where);
        }
      },
      streamQuery: (query, size) => inner.streamQuery(query, size),
    };
    this.#inner.set(outer, inner);
    return outer;
  }
  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    await this.#said(async () => await this.#driver.beginTransaction(this.#of(connection), settings));
  }
  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#said(async () => await this.#driver.commitTransaction(this.#of(connection)));
  }
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await this.#driver.rollbackTransaction(this.#of(connection));
    } catch {
      // a connection that is gone has rolled back by itself, and its error would hide the one that led here
    }
  }
  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    await this.#driver.releaseConnection(this.#of(connection));
  }
  async destroy(): Promise<void> {
    await this.#driver.destroy();
  }
  #of(connection: DatabaseConnection): DatabaseConnection {
    return this.#inner.get(connection) ?? connection;
  }
  async #said<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw explained(error, this.#where);
    }
  }
}

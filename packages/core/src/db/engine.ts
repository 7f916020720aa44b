/** Engines that are servers. */
export type ServerEngine = 'mysql' | 'mariadb';
export type Engine = 'sqlite' | ServerEngine;

/** Collations that compare as SQLite does: byte by byte, trailing blanks included. */
export const collations: Readonly<Record<ServerEngine, string>> = {
  mysql: 'utf8mb4_0900_bin',
  mariadb: 'utf8mb4_nopad_bin',
};

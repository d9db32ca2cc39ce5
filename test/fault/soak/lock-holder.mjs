// Another program that holds the write lock: node lock-holder.mjs DATABASE MILLISECONDS
import { DatabaseSync } from '@photostructure/sqlite';

const [path = '', forMs = '0'] = process.argv.slice(2);
const database = new DatabaseSync(path, { timeout: 30_000 });
database.exec('BEGIN IMMEDIATE');
setTimeout(() => {
  database.exec('COMMIT');
  database.close();
}, Number(forMs));

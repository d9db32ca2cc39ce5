/** Takes an order and stores the job that mails its receipt: both, or neither. The argument is the URL of the shop's database. */
import pg from 'pg';
import { openQueue } from 'queuectl';

interface Jobs {
  receipt: { payload: { order: number } };
}

const [url = ''] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url });
const queue = await openQueue<Jobs>(url);
await pool.query('CREATE TABLE IF NOT EXISTS orders (number serial PRIMARY KEY, item text NOT NULL)');

async function takeOrder(item: string): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const { rows } = await client.query('INSERT INTO orders (item) VALUES ($1) RETURNING number', [item]);
    const order = Number(rows[0]['number']);
    await queue.enqueue({ handler: 'receipt', payload: { order } }, { client });
    if (item === '') throw new Error('nothing was ordered');
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

await takeOrder('tea');
await takeOrder('').catch((error: Error) => console.log(error.message));
const { rows } = await pool.query('SELECT item FROM orders');
console.log(`${rows.length} order, ${(await queue.counts()).pending} job`);
await queue.close();
await pool.end();

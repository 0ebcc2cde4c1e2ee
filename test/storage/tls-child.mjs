// `node tls-child.mjs HOST PORT BYTES`: gets a body over TLS straight into its place, twice, and prints what came
// as JSON. NODE_EXTRA_CA_CERTS says whom it trusts. Imports the built library, as users do.
import { createHash } from 'node:crypto';
import { DirectGets } from '../../dist/storage/http-direct.js';

const [hostname, port, bytes] = process.argv.slice(2);
const gets = new DirectGets({ connectMs: 5_000, stallMs: 5_000 });
const to = { protocol: 'https:', hostname, port: Number(port), path: '/k', headers: { host: hostname } };
const found = [];
try {
  for (let i = 0; i < 2; i++) {
    const into = new Uint8Array(Number(bytes));
    const { statusCode } = await gets.get({ ...to, into, uri: 's3://b/k' });
    found.push([statusCode, createHash('sha256').update(into).digest('hex')]);
  }
  console.log(JSON.stringify({ found }));
} catch (error) {
  console.log(JSON.stringify({ code: error.code }));
}
gets.close();

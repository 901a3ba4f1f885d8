// Access tokens before Node's WebCrypto, which knows nothing of ours.
// usage: node token_judge.cjs judge JWKS TOKEN    exit code 0 if its signature is good, 3 if not
//        node token_judge.cjs sign PAYLOAD JWKS TOKEN    writes a set of one key, and a token by it
'use strict';

const fs = require('node:fs');
const { subtle } = require('node:crypto').webcrypto;

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const [verb, ...paths] = process.argv.slice(2);

async function judge(setPath, tokenPath) {
  const set = JSON.parse(fs.readFileSync(setPath, 'utf8'));
  const [header, payload, signature] = fs.readFileSync(tokenPath, 'utf8').split('.');
  const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url'));
  const jwk = set.keys.find((key) => key.kid === kid);
  if (alg !== 'ES256' || !jwk) return 3;
  const key = await subtle.importKey('jwk', jwk, ECDSA, false, ['verify']);
  const text = Buffer.from(`${header}.${payload}`);
  if (!(await subtle.verify(ECDSA, key, Buffer.from(signature, 'base64url'), text))) return 3;
  process.stdout.write(Buffer.from(payload, 'base64url'));
  return 0;
}

async function sign(payloadPath, setPath, tokenPath) {
  const pair = await subtle.generateKey(ECDSA, true, ['sign', 'verify']);
  const jwk = await subtle.exportKey('jwk', pair.publicKey);
  fs.writeFileSync(setPath, JSON.stringify({ keys: [{ ...jwk, kid: 'node', use: 'sig' }] }));
  const encode = (octets) => Buffer.from(octets).toString('base64url');
  const header = encode(JSON.stringify({ typ: 'at+jwt', alg: 'ES256', kid: 'node' }));
  const text = `${header}.${encode(fs.readFileSync(payloadPath))}`;
  const signature = await subtle.sign(ECDSA, pair.privateKey, Buffer.from(text));
  fs.writeFileSync(tokenPath, `${text}.${encode(signature)}`);
  return 0;
}

(verb === 'sign' ? sign(...paths) : judge(...paths)).then(
  (code) => process.exit(code),
  (fault) => { console.error(fault); process.exit(1); },
);

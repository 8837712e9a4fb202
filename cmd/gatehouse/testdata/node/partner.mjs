// A partner of the bank, written on openid-client: discovers the issuer, gets
// a DPoP-bound token by client credentials with private_key_jwt, calls the API
// and prints what happened as one JSON line. Arguments, as JSON on the command
// line: {issuer, clientId, jwk, url, scope, resource}. The CA comes by
// NODE_EXTRA_CA_CERTS. Nothing here knows Gatehouse.
import * as client from 'openid-client'

const { issuer, clientId, jwk, url, scope, resource } = JSON.parse(process.argv[2])
const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])

// Counts the answers, so that the test sees that a nonce was asked for and given.
const seen = []
const counting = async (...args) => {
  const response = await fetch(...args)
  seen.push({ url: String(args[0]), status: response.status, nonce: response.headers.has('dpop-nonce') })
  return response
}

const config = await client.discovery(
  new URL(issuer),
  clientId,
  undefined,
  client.PrivateKeyJwt({ key, kid: jwk.kid }),
  { [client.customFetch]: counting },
)
config[client.customFetch] = counting
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
const tokens = await client.clientCredentialsGrant(config, { scope, resource }, { DPoP })
const call = await client.fetchProtectedResource(config, tokens.access_token, new URL(url), 'GET', undefined, undefined, { DPoP })
const again = await client.fetchProtectedResource(config, tokens.access_token, new URL(url), 'GET', undefined, undefined, { DPoP })

console.log(JSON.stringify({
  tokenType: tokens.token_type,
  scope: tokens.scope,
  refreshToken: tokens.refresh_token !== undefined,
  status: call.status,
  again: again.status,
  body: await call.text(),
  seen,
}))

// Package mtlstest makes certificate authorities, certificates and peers for
// the tests of the rooms that use package mtls.
//
// Invariant: a peer made here came out of a real TLS handshake over an
// in-memory connection, the only way by which an mtls.Certificate can exist.
// Every certificate is valid from 1990 to 2099 unless a test says otherwise,
// so that tests may choose any fixed time, that of a synctest bubble included.
package mtlstest

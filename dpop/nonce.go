package dpop

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"
)

// Nonces makes and judges the server's nonces (RFC 9449 §8, §9) without
// storing any: a nonce is its time of issue and an HMAC of it under a key that
// is derived from the root for one lifetime only. Nodes that share the root
// take each other's nonces (AS63). It is safe for concurrent use.
type Nonces struct {
	root     []byte
	lifetime time.Duration
	latest   atomic.Pointer[epochKey] // the key used last, which is nearly always the next one used
}

type epochKey struct {
	epoch int64
	key   []byte
}

const (
	minRootBytes = 32
	minLifetime  = time.Second
	maxLifetime  = time.Hour
	timeBytes    = 8  // microseconds since 1970, big-endian
	macBytes     = 16 // of HMAC-SHA256: 128 bits cannot be guessed within a lifetime
)

var (
	errNonceForm        = errors.New("the nonce is not of our form")
	errNonceForged      = errors.New("the nonce was not issued by this server")
	errNonceExpired     = errors.New("the nonce has expired")
	errNonceAhead       = errors.New("the nonce is from the future")
	errNonceBeforeStart = errors.New("the nonce was issued before the replay store started")
)

// NewNonces makes nonces that live for lifetime, from 1 s to 1 h, under keys
// derived from root: at least 32 random bytes, used for nothing else.
func NewNonces(root []byte, lifetime time.Duration) (*Nonces, error) {
	if len(root) < minRootBytes {
		return nil, fmt.Errorf("root of the DPoP nonces has %d bytes, at least %d are needed", len(root), minRootBytes)
	}
	if lifetime < minLifetime || lifetime > maxLifetime {
		return nil, fmt.Errorf("lifetime of a DPoP nonce is %s, it must be from %s to %s", lifetime, minLifetime, maxLifetime)
	}
	return &Nonces{root: append([]byte(nil), root...), lifetime: lifetime}, nil
}

// Issue makes a nonce for the DPoP-Nonce header.
func (n *Nonces) Issue(now time.Time) string {
	var raw [timeBytes + macBytes]byte
	micros := now.UnixMicro()
	binary.BigEndian.PutUint64(raw[:timeBytes], uint64(micros))
	copy(raw[timeBytes:], n.mac(micros, raw[:timeBytes]))
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// Judge tells whether the nonce is ours and not older than its lifetime. The
// error is a refusal of code use_dpop_nonce under RS13.
func (n *Nonces) Judge(nonce string, now time.Time) error {
	_, err := n.open(nonce, now)
	return err
}

// Stale tells whether an answer should bring a new nonce, because the one that
// was used is past half its life or is no nonce of ours (RS10b). It judges
// nothing: it does not look at the HMAC.
func (n *Nonces) Stale(nonce string, now time.Time) bool {
	raw, ok := decodeNonce(nonce)
	return !ok || now.Sub(raw.issued()) > n.lifetime/2
}

// open judges a nonce and returns when it was issued.
func (n *Nonces) open(nonce string, now time.Time) (time.Time, error) {
	raw, ok := decodeNonce(nonce)
	if !ok {
		return time.Time{}, badNonce(errNonceForm)
	}
	issued := raw.issued()
	switch age := now.Sub(issued); {
	case age > n.lifetime:
		return time.Time{}, badNonce(errNonceExpired)
	case age < -Skew: // another node's clock may be ahead of ours
		return time.Time{}, badNonce(errNonceAhead)
	}
	if !hmac.Equal(raw[timeBytes:], n.mac(issued.UnixMicro(), raw[:timeBytes])) {
		return time.Time{}, badNonce(errNonceForged)
	}
	return issued, nil
}

func badNonce(cause error) error {
	return useNonce("The nonce in the DPoP proof is not a current one of this server; use the one that this response gives.").Because(cause)
}

type rawNonce [timeBytes + macBytes]byte

func decodeNonce(nonce string) (raw rawNonce, ok bool) {
	if len(nonce) != base64.RawURLEncoding.EncodedLen(len(raw)) {
		return raw, false
	}
	n, err := base64.RawURLEncoding.Strict().Decode(raw[:], []byte(nonce))
	return raw, err == nil && n == len(raw)
}

func (r rawNonce) issued() time.Time {
	return time.UnixMicro(int64(binary.BigEndian.Uint64(r[:timeBytes])))
}

func (n *Nonces) mac(micros int64, message []byte) []byte {
	h := hmac.New(sha256.New, n.key(micros/n.lifetime.Microseconds()))
	h.Write(message)
	return h.Sum(nil)[:macBytes]
}

// key derives the HMAC key of one epoch, which is one lifetime long.
func (n *Nonces) key(epoch int64) []byte {
	if k := n.latest.Load(); k != nil && k.epoch == epoch {
		return k.key
	}
	info := "gatehouse dpop nonce, epoch " + strconv.FormatInt(epoch, 10)
	key, err := hkdf.Key(sha256.New, n.root, nil, info, sha256.Size)
	if err != nil {
		// Only an impossible length or a key refused by the FIPS module gets here.
		panic("dpop: cannot derive a nonce key: " + err.Error())
	}
	n.latest.Store(&epochKey{epoch, key})
	return key
}

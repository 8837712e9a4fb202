package jwks

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Config says whose keys to keep, and how they are had.
type Config struct {
	Issuer string // the exact issuer that metadata must name

	// JWKSURI is where the keys are. When it is empty, it is read from the
	// issuer's metadata at each fetch.
	JWKSURI string
	// MetadataURL is where the metadata is; empty means the issuer with
	// /.well-known/openid-configuration appended (OpenID Connect Discovery §4).
	MetadataURL string

	// Fetch gets a document over https within the context's time; required.
	Fetch func(ctx context.Context, url string) ([]byte, error)
	// Now is the clock; required.
	Now func() time.Time

	MaxStale         time.Duration // how old keys may get when fetches fail, 10 min to 24 h; 0 means 1 h
	FetchesPerMinute int           // that unknown keys may cause, 1 to 60; 0 means 6 (RS24)
}

const (
	keyLifetime  = 10 * time.Minute // RS24
	fetchTimeout = 5 * time.Second  // requests with an unknown key wait for it

	defaultMaxStale         = time.Hour
	longestMaxStale         = 24 * time.Hour
	defaultFetchesPerMinute = 6
	mostFetchesPerMinute    = 60
)

// checked returns the configuration with its defaults, or what is wrong.
func (c Config) checked() (Config, error) {
	if c.Fetch == nil || c.Now == nil {
		return c, errors.New("a key cache needs Fetch and Now")
	}
	if c.Issuer == "" {
		return c, errors.New("a key cache needs its issuer")
	}
	if c.MetadataURL == "" {
		c.MetadataURL = strings.TrimSuffix(c.Issuer, "/") + "/.well-known/openid-configuration"
	}
	source := c.JWKSURI
	if source == "" {
		source = c.MetadataURL
	}
	if err := checkHTTPS(source); err != nil {
		return c, fmt.Errorf("keys of %s: %w", c.Issuer, err)
	}
	if c.MaxStale == 0 {
		c.MaxStale = defaultMaxStale
	}
	if c.MaxStale < keyLifetime || c.MaxStale > longestMaxStale {
		return c, fmt.Errorf("keys of %s may be served stale for %s, it must be from %s to %s", c.Issuer, c.MaxStale, keyLifetime, longestMaxStale)
	}
	if c.FetchesPerMinute == 0 {
		c.FetchesPerMinute = defaultFetchesPerMinute
	}
	if c.FetchesPerMinute < 1 || c.FetchesPerMinute > mostFetchesPerMinute {
		return c, fmt.Errorf("keys of %s: %d fetches a minute, it must be from 1 to %d", c.Issuer, c.FetchesPerMinute, mostFetchesPerMinute)
	}
	return c, nil
}

// checkHTTPS admits only an https URL with a host and without credentials (C4).
func checkHTTPS(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return fmt.Errorf("%q is not an https URL with a host and without credentials", address)
	}
	return nil
}

package outbound

import (
	"net/http"
	"net/netip"
)

// CheckAddress is what the dialer asks of each resolved address.
func CheckAddress(a netip.Addr, allowPrivate bool) error { return checkAddress(a, allowPrivate) }

// Transport shows how the client connects.
func (c *Client) Transport() *http.Transport { return c.http.Transport.(*http.Transport) }

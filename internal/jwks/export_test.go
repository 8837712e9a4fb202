package jwks

// MaxUnknown is how many unknown kids are remembered.
const MaxUnknown = maxUnknown

// ParseMetadata and ParseKeys read what comes from the network.
var (
	ParseMetadata = parseMetadata
	ParseKeys     = parseKeys
)

// UnknownKids is how many kids the cache remembers as unknown.
func (c *Cache) UnknownKids() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.unknown.until)
}

package secret

// full is the cost that the program ships with. Tests run at the least one,
// but for the test that looks at the full cost.
var full = recommended

func init() { recommended = derivation{passes: 1, memoryKiB: 32, lanes: 4} }

// SetFullCost goes back to the shipped cost until restore is called.
func SetFullCost() (restore func()) {
	least := recommended
	recommended = full
	return func() { recommended = least }
}

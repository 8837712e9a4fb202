package fapiclient

// step is one named check of an answer. The steps of a table run in order,
// and the first that fails ends the judgement.
type step[S any] struct {
	name  string
	ids   string // requirement ids separated by spaces
	check func(*S) error
}

func run[S any](steps []step[S], state *S) error {
	for _, s := range steps {
		if err := s.check(state); err != nil {
			return err
		}
	}
	return nil
}

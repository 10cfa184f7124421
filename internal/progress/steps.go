package progress

// Steps shows work of several steps as bars, one after the other.
type Steps struct {
	bars *Bars
	step string
	bar  *Bar
}

// Steps begins work whose steps are not known yet.
func (b *Bars) Steps() *Steps { return &Steps{bars: b} }

// Set says how much of a step is done, of how much (0: not known). A step that
// is named for the first time ends the one before.
func (s *Steps) Set(step string, done, total int64) {
	if step != s.step {
		s.Done()
		s.step, s.bar = step, s.bars.Start(step, total)
	}
	s.bar.Set(done, total)
}

// Done ends the step.
func (s *Steps) Done() {
	s.bar.Done()
	s.step, s.bar = "", nil
}

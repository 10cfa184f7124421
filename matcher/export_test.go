package matcher

import "reflect"

// SameSegment reports whether the segments of two indexes are the same in all
// that they hold.
func (x *Index) SameSegment(y *Index) bool { return reflect.DeepEqual(x.base, y.base) }

// NewIndexBy is NewIndex by so many workers.
func NewIndexBy(c Catalogue, s Settings, workers int) (*Index, error) { return newIndex(c, s, workers) }

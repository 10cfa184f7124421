package runs

import (
	"encoding/json"

	"github.com/kindred-match/kindred/matcher/place"
)

// encodePlacement is what the step place leaves: of each student its opportunity
// (from 1; 0: none), its entry on its list (the same), the pair's weight and how
// it came to it; what was cancelled; what blocks; and the certificate.
func encodePlacement(p *place.Problem, f *place.Placement) ([]byte, error) {
	e := new(encoder)
	for s, at := range f.At {
		entry := int32(0)
		if f.Entry[s] >= 0 {
			entry = f.Entry[s] - p.Lists.First[s] + 1
		}
		e.uint(uint64(at + 1))
		e.uint(uint64(entry))
		e.uint(uint64(f.Weight[s]))
		e.uint(uint64(f.How[s]))
	}
	encodeList(e, f.Cancelled, func(o *int32) { e.uint(uint64(*o)) })
	e.int(f.BlockingPairs)
	e.int(f.Waived)
	certificate, err := json.Marshal(&f.Certificate)
	if err != nil {
		return nil, err
	}
	e.text(string(certificate))
	return e.b, nil
}

// decodePlacement reads what encodePlacement made for the problem.
func decodePlacement(p *place.Problem, b []byte) (*place.Placement, error) {
	d := &decoder{rest: b}
	n := len(p.Students)
	f := &place.Placement{
		At: make([]int32, n), Entry: make([]int32, n), Weight: make([]int32, n), How: make([]place.How, n),
		Placed: make([]int32, len(p.Opportunities)),
	}
	for s := range n {
		from, to := p.Lists.Of(int32(s))
		f.At[s] = d.below(len(p.Opportunities)+1) - 1
		f.Entry[s] = d.below(int(to-from)+1) - 1
		if f.Entry[s] >= 0 {
			f.Entry[s] += from
		}
		f.Weight[s] = d.below(1 << 31)
		f.How[s] = place.How(d.below(int(place.Filled) + 1))
		if f.At[s] >= 0 {
			f.Placed[f.At[s]]++
		}
	}
	f.Cancelled = decodeList(d, func() int32 { return d.below(len(p.Opportunities)) })
	f.BlockingPairs, f.Waived = d.int(), d.int()
	certificate := d.text()
	if d.failed || len(d.rest) > 0 || json.Unmarshal([]byte(certificate), &f.Certificate) != nil {
		return nil, errDamaged
	}
	return f, nil
}
